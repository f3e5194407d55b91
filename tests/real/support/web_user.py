"""Be a user with a browser that knows no JavaScript: read forms, send them."""

from dataclasses import dataclass, field
from html.parser import HTMLParser
from urllib.parse import urljoin, urlsplit

import requests

from tests.real.support.processes import wait_until

LOGIN = "/accounts/login/"


@dataclass
class Form:
    """Hold one form of a page: where it goes and what it sends untouched."""

    action: str
    method: str
    fields: dict[str, str] = field(default_factory=dict)


class _Forms(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.forms: list[Form] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        if tag == "form":
            method = given.get("method", "get").lower()
            self.forms.append(Form(action=given.get("action", ""), method=method))
        elif tag == "input" and self.forms and given.get("name"):
            is_choice = given.get("type") in {"radio", "checkbox"}
            if not is_choice or "checked" in given:
                self.forms[-1].fields[given["name"]] = given.get("value", "")


def read_forms(html: str) -> list[Form]:
    """Return the forms of a page, in order."""
    parser = _Forms()
    parser.feed(html)
    return parser.forms


class WebUser:
    """Visit the site's pages as one user."""

    def __init__(self, url: str, *, email: str, password: str) -> None:
        self.url = url
        self.email = email
        self.password = password
        self.session = requests.Session()

    def get(self, path: str, *, follow: bool = True) -> requests.Response:
        """Open a page."""
        return self.session.get(
            urljoin(self.url, path), timeout=30, allow_redirects=follow
        )

    def submit(
        self,
        page: str,
        action: str = "",
        /,
        *,
        to: str = "",
        follow: bool = True,
        **values: str,
    ) -> requests.Response:
        """Open a page and send its form whose address ends with ``action``.

        ``to`` is where another button of the form sends it.
        """
        opened = self.get(page)
        form = self._find_form(opened, action)
        return self.session.post(
            urljoin(opened.url, to or form.action or opened.url),
            data={**form.fields, **values},
            headers={"Referer": opened.url},
            timeout=30,
            allow_redirects=follow,
        )

    def upload(
        self, page: str, field_name: str, file_name: str, text: str
    ) -> requests.Response:
        """Open a page and send a file by its form."""
        opened = self.get(page)
        form = self._find_form(opened, urlsplit(opened.url).path)
        return self.session.post(
            opened.url,
            data=form.fields,
            files={field_name: (file_name, text.encode(), "text/csv")},
            headers={"Referer": opened.url},
            timeout=30,
        )

    def sign_up(self) -> requests.Response:
        """Open an account."""
        return self.submit(
            "/accounts/signup/",
            "/accounts/signup/",
            email=self.email,
            password1=self.password,
            password2=self.password,
        )

    def sign_in(self) -> None:
        """Sign in, as soon as the limit of attempts lets anybody from here."""
        wait_until(self._is_let_in, "a sign-in", seconds=120, every=5)

    def _is_let_in(self) -> bool:
        """Send the form, and ask for no page behind that: nobody would look at it."""
        done = self.submit(
            LOGIN, LOGIN, login=self.email, password=self.password, follow=False
        )
        return done.is_redirect and LOGIN not in done.headers["Location"]

    def start_connecting(self, provider: str) -> str:
        """Press Connect and return the provider's address that it leads to."""
        answer = self.submit(
            f"/connections/connect/{provider}/",
            f"/integrations/{provider}/authorize",
            follow=False,
        )
        if answer.status_code != 302:
            raise AssertionError(f"connecting answered {answer.status_code}")
        return answer.headers["Location"]

    def consent(self, address: str, *, action: str = "connect", **values: str) -> str:
        """Decide on the sandbox's consent page; return the callback's address."""
        opened = requests.get(address, timeout=30)
        opened.raise_for_status()
        form = read_forms(opened.text)[0]
        answer = requests.post(
            urljoin(opened.url, form.action or opened.url),
            data={**form.fields, "action": action, **values},
            timeout=30,
            allow_redirects=False,
        )
        if answer.status_code not in {302, 303}:
            raise AssertionError(f"the consent page answered {answer.status_code}")
        return answer.headers["Location"]

    def connect(self, provider: str, **values: str) -> str:
        """Connect an account through the sandbox; return the connection's path.

        ``identity="portal:user"`` chooses another account than the first.
        """
        callback = self.consent(self.start_connecting(provider), **values)
        page = self.get(callback)
        path = urlsplit(page.url).path
        if not page.ok or not path.startswith("/connections/"):
            raise AssertionError(f"the callback led to {path} ({page.status_code})")
        return path

    def _find_form(self, page: requests.Response, action: str) -> Form:
        for form in read_forms(page.text):
            if form.method == "post" and form.action.split("?")[0].endswith(action):
                return form
        raise AssertionError(f"no form for {action!r} on {page.url}")
