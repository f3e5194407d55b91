"""What peers ask of each contact, and the columns in which they keep it."""

NAMES = ("firstname", "lastname", "email", "phone", "company", "jobtitle", "city")
COLUMNS = ("id", *NAMES, "created", "updated")
