"""End a kind of mail by the address in its header, without a sign-in.

https://www.rfc-editor.org/rfc/rfc8058
"""

from django.contrib.auth.decorators import login_not_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods

from integrations.services.notices import unsubscribing


@csrf_exempt
@login_not_required
@require_http_methods(["GET", "HEAD", "POST"])
def unsubscribe(request: HttpRequest, token: str) -> HttpResponse:
    """Ask on GET, which programs send that look into mails; end it on POST.

    A mail program has no form of ours, hence no token of one; the address is proof.
    """
    found = unsubscribing.read_token(token)
    if found is None:
        raise Http404
    user, mailing_list = found
    is_ended = request.method == "POST"
    if is_ended:
        unsubscribing.unsubscribe(user, mailing_list)
    context = {
        "is_ended": is_ended,
        "is_digest": mailing_list is unsubscribing.MailingList.DIGEST,
    }
    return render(request, "notices/unsubscribe.html", context)
