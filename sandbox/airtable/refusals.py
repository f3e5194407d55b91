"""Say no at the token endpoint."""


class RefusedError(Exception):
    """Carry an OAuth error out of a transaction, which is then undone."""

    def __init__(
        self,
        error: str,
        description: str,
        *,
        status: int = 400,
        is_double: bool = False,
        ends_grant: int = 0,
    ) -> None:
        """Keep what is answered, and what it does to the grant."""
        super().__init__(description)
        self.error = error
        self.description = description
        self.status = status
        self.is_double = is_double
        self.ends_grant = ends_grant
