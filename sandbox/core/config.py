"""Read the few settings of the sandbox from the environment."""

import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path


@dataclass(frozen=True, kw_only=True)
class Registration:
    """Describe the application as it was registered with a provider."""

    client_id: str
    client_secret: str
    redirect_uri: str


@dataclass(frozen=True, kw_only=True)
class Config:
    """Hold what the sandbox was started with."""

    database: Path = Path("var/sandbox.sqlite3")
    public_base_url: str = "http://localhost:8000"
    environ: Mapping[str, str] = field(default_factory=dict)

    @classmethod
    def from_environ(cls) -> "Config":
        environ = os.environ
        public = environ.get("PUBLIC_BASE_URL") or cls.public_base_url
        return cls(
            database=Path(environ.get("SANDBOX_DATABASE") or cls.database),
            public_base_url=public.rstrip("/"),
            environ=environ,
        )

    def read(self, slug: str, name: str, default: str) -> str:
        """Return SANDBOX_<SLUG>_<NAME>, or a default when it is unset or empty."""
        return self.environ.get(f"SANDBOX_{slug.upper()}_{name}") or default

    def get_registration(self, slug: str) -> Registration:
        callback = f"{self.public_base_url}/integrations/{slug}/oauth2callback"
        return Registration(
            client_id=self.read(slug, "CLIENT_ID", f"sandbox-{slug}"),
            client_secret=self.read(slug, "CLIENT_SECRET", f"sandbox-secret-{slug}"),
            redirect_uri=self.read(slug, "REDIRECT_URI", callback),
        )
