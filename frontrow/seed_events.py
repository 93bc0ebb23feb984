"""The events of the demo data."""

from typing import NamedTuple


class Show(NamedTuple):
    """An event to be listed: its day counts from today, its hour is local, prices are minor units."""

    title: str
    category: str
    location: str
    zone: str
    in_days: int
    at: int
    hours: int
    currency: str
    types: tuple[tuple[str, int, int], ...]  # name, price, capacity
    description: str
    organizer: str = "ada"
    sold: float = 0.0  # share of the places that are booked; of a free event, whose bookings last


BERLIN, LONDON, PARIS, MADRID = "Europe/Berlin", "Europe/London", "Europe/Paris", "Europe/Madrid"
NEW_YORK, TOKYO, SYDNEY = "America/New_York", "Asia/Tokyo", "Australia/Sydney"

EVENTS = (
    Show("An Evening with Clara Schumann", "concert", "Konzerthaus, Berlin", BERLIN, 12, 20, 2, "EUR",
         (("Stalls", 4500, 40), ("Balcony", 2900, 24)),
         "Her piano trio and songs without words, played on an instrument of her time."),
    Show("Jazz at the Tube Station", "concert", "Aldwych Platform, London", LONDON, 5, 21, 3, "GBP",
         (("Free ticket", 0, 30),), "A quintet, a disused platform, and the best echo in town.", sold=1.0),
    Show("Nuit des Voix", "concert", "Église Saint-Eustache, Paris", PARIS, 26, 19, 2, "EUR",
         (("Nef", 3200, 60), ("Chœur", 5400, 12)), "Four choirs, one nave, and music from five centuries."),
    Show("Flamenco en el Patio", "concert", "Casa de Pilatos, Madrid", MADRID, 40, 22, 2, "EUR",
         (("Entrada", 2600, 45),), "Guitar, voice and dance under the orange trees."),
    Show("Brooklyn Brass Parade", "concert", "Prospect Park, New York", NEW_YORK, 18, 17, 4, "USD",
         (("Free ticket", 0, 80),), "Six bands, one lawn. Bring a blanket.", "olga", sold=0.5),
    Show("Koto and Strings", "concert", "Suntory Small Hall, Tokyo", TOKYO, 33, 19, 2, "JPY",
         (("Seat", 5800, 50),), "New works for koto and string quartet.", "olga"),
    Show("DjangoDays", "conference", "Kulturbrauerei, Berlin", BERLIN, 61, 9, 9, "EUR",
         (("Student", 9000, 20), ("Regular", 24000, 60), ("Company", 48000, 15)),
         "Two tracks on the web framework for perfectionists, with sprints on the day after."),
    Show("PostgreSQL at Scale", "conference", "Barbican Centre, London", LONDON, 75, 9, 8, "GBP",
         (("Early bird", 14900, 20), ("Standard", 21900, 60)),
         "Locks, logs and lessons from people who run very large databases.", "olga"),
    Show("Accessible by Default", "conference", "Cité des Sciences, Paris", PARIS, 90, 10, 7, "EUR",
         (("Pass", 12000, 70),), "How public services are made that everybody can use."),
    Show("Small Data Summit", "conference", "Pier 57, New York", NEW_YORK, 48, 9, 8, "USD",
         (("Pass", 19900, 50), ("Online", 0, 100)),
         "Most data fits on one machine. A day about making the most of that.", "olga"),
    Show("Harbour Climate Forum", "conference", "Harbour Hall, Sydney", SYDNEY, 54, 9, 8, "AUD",
         (("Pass", 26000, 60),), "Engineers, councils and insurers on coasts in 2050.", "olga"),
    Show("Sourdough for Beginners", "workshop", "Markthalle Neun, Berlin", BERLIN, 9, 10, 4, "EUR",
         (("Place with flour to take home", 6500, 12),), "From starter to crust in a morning."),
    Show("Letterpress Saturday", "workshop", "St Bride Foundation, London", LONDON, 16, 10, 6, "GBP",
         (("Place", 8500, 10),), "Set it, ink it, print it. Your own poster by tea time."),
    Show("Croquis au Louvre", "workshop", "Cour Marly, Paris", PARIS, 23, 14, 3, "EUR",
         (("Place", 3500, 15),), "Drawing among statues, for hands of every kind."),
    Show("Paella from Scratch", "workshop", "Mercado de la Paz, Madrid", MADRID, 30, 12, 4, "EUR",
         (("Cook", 5500, 14), ("Guest at the table", 2500, 14)), "Rice, fire, patience."),
    Show("Intro to Bookbinding", "workshop", "Center for Book Arts, New York", NEW_YORK, 37, 11, 5, "USD",
         (("Place", 9500, 12),), "A hard cover, two sewings and no glue on your sleeves.", "olga"),
    Show("Shodō: the Way of the Brush", "workshop", "Yanaka, Tokyo", TOKYO, 44, 13, 2, "JPY",
         (("Place", 6000, 10),), "Ink, paper and one character a lesson.", "olga"),
    Show("Sunrise Surf School", "workshop", "Bondi Beach, Sydney", SYDNEY, 20, 6, 3, "AUD",
         (("Board included", 9900, 16), ("Own board", 6900, 8)), "First wave guaranteed.", "olga"),
    Show("Winter Songs", "concert", "Philharmonie, Berlin", BERLIN, -20, 20, 2, "EUR",
         (("Free ticket", 0, 60),), "Schubert by candlelight. Admission was free.", sold=0.7),
    Show("Open Source Evening", "conference", "Google Campus, London", LONDON, -8, 18, 3, "GBP",
         (("Free ticket", 0, 50),), "Talks by people who maintain what you depend on.", "olga", sold=0.8),
    Show("Chocolate, Bean to Bar", "workshop", "Rue du Bac, Paris", PARIS, -33, 15, 3, "EUR",
         (("Free ticket", 0, 12),), "Roast, crack, grind, temper, eat.", sold=1.0),
    Show("New Year's Piano", "concert", "Wigmore Hall, London", LONDON, 58, 11, 2, "GBP",
         (("Seat", 2200, 55),), "Two pianists, one keyboard, and breakfast afterwards."),
    Show("Typography Walk", "workshop", "Hackescher Markt, Berlin", BERLIN, 3, 15, 2, "EUR",
         (("Walker", 1200, 18),), "Reading a city by its letters, on foot, in any weather."),
    Show("Robots in the Kitchen", "conference", "Nihonbashi Hall, Tokyo", TOKYO, 82, 10, 6, "JPY",
         (("Pass", 15000, 40), ("Student", 4000, 20)), "Automation with a taste for detail.", "olga"),
)  # fmt: skip
