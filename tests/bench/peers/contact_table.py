"""The table of ten columns that peers write for HubSpot, where they write SQL."""

from flat_table import FlatTable

NAMES = ("firstname", "lastname", "email", "phone", "company", "jobtitle", "city")
CONTACTS = FlatTable("contact", ("id", *NAMES, "created", "updated"))
