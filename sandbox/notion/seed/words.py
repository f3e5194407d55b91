"""Hold the words the seeded pages are made of."""

FIRST = ("Harbour", "Cedar", "Signal", "Quiet", "Copper", "Meadow", "Polar", "Juniper")
SECOND = ("launch", "review", "budget", "survey", "migration", "hiring", "audit")
COMPANIES = ("Vale", "Solberg", "Aguilar", "Nakamura", "Özdemir", "Ferreira", "Kowal")
LEGAL = ("GmbH", "Ltd", "S.A.", "株式会社", "AB", "LLC")
CITIES = ("Lisboa", "Łódź", "北京", "Montréal", "تونس", "Ålesund", "São Paulo")
ICONS = ("📦", "🧭", "🪴", "🛠️", "👩🏽‍🔬", "🏴󠁧󠁢󠁳󠁣󠁴󠁿", "📚", "🧾")
ODD_TITLES = (
    "",
    " ",
    "Привет, мир",
    "会議の議事録・第3回",
    "ملاحظات الاجتماع — النسخة الثانية",
    "שלום עולם (draft)",
    "e\u0301 and é are the same letter",
    "👨‍👩‍👧‍👦 family",
    '<script>alert("title")</script>',
    "=HYPERLINK('x')",
    "Line\nbreak in a title",
    "100 % *not* _formatted_ [link](x)",
    "null",
    "A title that goes on " + "and on " * 270,
    "\u202eright to left override",
)
SENTENCES = (
    "The ferry leaves at seven and nobody waits for the post.",
    "Ask Ines before you change the tariff.",
    "Décidé: nous gardons l'ancien entrepôt jusqu'en mars.",
    "Ergebnis der Prüfung: zwölf Kisten fehlen.",
    "見積もりは来週の月曜日までに送ります。",
    "تمت الموافقة على الميزانية.",
)
AWKWARD = (
    "2 * 3 * 4 = 24, a_b_c, ~not struck~, `not code`",
    "[not a link](x) <not-a-tag> {color=red} | pipe ^ caret $5 and $6",
    "# not a heading",
    "- [ ] not a to-do",
    "1. not a list",
    "back\\slash and \\*escaped star\\*",
    "a line\nbroken in two",
    "zero\u200bwidth and nb\u00a0space",
    "<details><summary>not a toggle</summary></details>",
)
PROGRAM = """def greet(name: str) -> str:
\t# **not bold**, <page url="x"> and \\* stay as they are
    return f"Hello, {name}" """
