"""The words the demo company's names are made of. Any likeness is chance; domains end in .example."""

__all__ = [
    "CITIES",
    "COMPANY_WORDS",
    "FIRST_NAMES",
    "FOREIGN_CLIENTS",
    "LEGAL_FORMS",
    "SALESPEOPLE",
    "STREETS",
    "SURNAMES",
    "TITLES",
]

SALESPEOPLE = ("jana.kralova", "petr.svoboda", "eva.novotna", "tomas.dvorak", "lucie.horakova", "martin.kucera")

# (first name, is the surname feminine?): Czech surnames have two forms.
FIRST_NAMES = (
    ("Jan", False), ("Jiří", False), ("Petr", False), ("Tomáš", False), ("Ondřej", False), ("Zdeněk", False),
    ("Řehoř", False), ("Šimon", False), ("Vojtěch", False), ("Čeněk", False), ("Matěj", False), ("Lukáš", False),
    ("Jana", True), ("Kateřina", True), ("Lenka", True), ("Zuzana", True), ("Alžběta", True), ("Šárka", True),
    ("Věra", True), ("Markéta", True), ("Ludmila", True), ("Žofie", True), ("Tereza", True), ("Anežka", True),
)  # fmt: skip

SURNAMES = (
    ("Novák", "Nováková"), ("Dvořák", "Dvořáková"), ("Černý", "Černá"), ("Procházka", "Procházková"),
    ("Kučera", "Kučerová"), ("Veselý", "Veselá"), ("Horák", "Horáková"), ("Němec", "Němcová"),
    ("Pospíšil", "Pospíšilová"), ("Hájek", "Hájková"), ("Král", "Králová"), ("Růžička", "Růžičková"),
    ("Beneš", "Benešová"), ("Fiala", "Fialová"), ("Sedláček", "Sedláčková"), ("Doležal", "Doležalová"),
    ("Zeman", "Zemanová"), ("Kolář", "Kolářová"), ("Čermák", "Čermáková"), ("Vaněk", "Vaňková"),
    ("Šťastný", "Šťastná"), ("Žák", "Žáková"), ("Říha", "Říhová"), ("Ďurica", "Ďuricová"),
)  # fmt: skip

COMPANY_WORDS = (
    "Stavby", "Strojírny", "Pekárny", "Pojišťovna", "Účetnictví", "Mlýny", "Doprava", "Lékárny", "Nábytek", "Tiskárna",
    "Zahradnictví", "Sklárny", "Elektro", "Vodovody", "Spořitelna", "Pivovar", "Čistírny", "Železárny", "Vydavatelství",
    "Projekce", "Realitní kancelář", "Překlady", "Škola jazyků", "Výtahy", "Lázně", "Průzkum", "Údržba", "Chemie",
)  # fmt: skip

LEGAL_FORMS = ("s.r.o.", "s.r.o.", "s.r.o.", "a.s.", "a.s.", "spol. s r.o.", "z.s.", "družstvo")

STREETS = (
    "Dlouhá", "Nádražní", "Masarykova", "Husova", "Palackého", "Žižkova", "Komenského", "Smetanova", "Jiráskova",
    "Na Příkopě", "U Řeky", "Lipová", "Školní", "Zahradní", "Průmyslová", "Sokolská", "Čechova", "Těšínská",
)  # fmt: skip

CITIES = (
    ("Praha 1", "110 00"), ("Praha 4", "140 00"), ("Praha 8", "186 00"), ("Brno", "602 00"), ("Ostrava", "702 00"),
    ("Plzeň", "301 00"), ("Liberec", "460 01"), ("Olomouc", "779 00"), ("České Budějovice", "370 01"),
    ("Hradec Králové", "500 02"), ("Pardubice", "530 02"), ("Zlín", "760 01"), ("Jihlava", "586 01"),
    ("Karlovy Vary", "360 01"), ("Ústí nad Labem", "400 01"), ("Kladno", "272 01"), ("Opava", "746 01"),
    ("Děčín", "405 02"), ("Třebíč", "674 01"), ("Znojmo", "669 02"),
)  # fmt: skip

# (name, company number, VAT number, street, city, postal code, country)
FOREIGN_CLIENTS = (
    ("Łukasz Wiśniewski Sp. z o.o.", "0000918273", "PL9182736450", "ul. Świętojańska 18", "Gdynia", "81-368", "PL"),
    ("Ďurkovič & Syn, s.r.o.", "91827364", "SK9182736455", "Štúrova 5", "Bratislava", "811 02", "SK"),
    ("Großmann Söhne GmbH", "HRB 91827", "DE918273645", "Königstraße 31", "Dresden", "01097", "DE"),
    ("Øresund Konferenser AB", "918273-6455", "SE918273645501", "Östra Förstadsgatan 9", "Malmö", "211 31", "SE"),
    ("François Lefèvre SARL", "918 273 645", "FR91827364550", "14 rue de l'Église", "Strasbourg", "67000", "FR"),
    ("Nguyễn Import Export", "FN 918273 h", "ATU91827364", "Mariahilfer Straße 88", "Wien", "1070", "AT"),
)

TITLES = (
    "Porada vedení", "Týdenní porada", "Obchodní schůzka", "Představení nabídky", "Kontrolní den stavby",
    "Školení zaměstnanců", "Výběrové řízení", "Čtvrtletní výsledky", "Schůze družstva", "Reklamace dodávky",
    "Zahájení projektu", "Jednání s bankou", "Předání směny", "Denní přehled",
)  # fmt: skip
