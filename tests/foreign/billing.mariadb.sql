-- The accountants' program: its own numbers inside, and for others views with names for people. Money in haléře, times
-- as the clock on the wall in Prague had them. Others may read the views, nothing else.

CREATE TABLE ud_ucet (
    cislo integer PRIMARY KEY,
    mena char(3) NOT NULL,
    den smallint NOT NULL,
    splatnost smallint NOT NULL,
    ico varchar(15),
    dic varchar(20),
    crm_id integer,
    crm_od date,
    crm_do date
) ENGINE = InnoDB CHARACTER SET utf8mb4 COLLATE utf8mb4_czech_ci;
CREATE INDEX ud_ucet_crm ON ud_ucet (crm_id);

CREATE TABLE ud_obdobi (
    ucet integer NOT NULL,
    od datetime NOT NULL,
    `do` datetime NOT NULL,
    stav smallint NOT NULL,
    PRIMARY KEY (ucet, od)
) ENGINE = InnoDB CHARACTER SET utf8mb4 COLLATE utf8mb4_czech_ci;

CREATE TABLE ud_faktura (
    id integer PRIMARY KEY,
    doklad varchar(20) NOT NULL UNIQUE,
    ucet integer NOT NULL,
    obdobi datetime NOT NULL,
    stav char(1) NOT NULL,
    mena char(3) NOT NULL,
    zaklad bigint NOT NULL,
    celkem bigint NOT NULL,
    cislo varchar(20) UNIQUE,
    vystaveno date,
    duzp date,
    splatno date
) ENGINE = InnoDB CHARACTER SET utf8mb4 COLLATE utf8mb4_czech_ci;
CREATE INDEX ud_faktura_ucet ON ud_faktura (ucet, obdobi);

CREATE TABLE ud_radek (
    faktura integer NOT NULL,
    poradi smallint NOT NULL,
    popis varchar(200) NOT NULL,
    pasmo char(1),
    mnozstvi integer NOT NULL,
    na smallint NOT NULL,
    cena integer NOT NULL,
    castka bigint NOT NULL,
    konference varchar(20),
    smlouva varchar(20),
    verze smallint,
    PRIMARY KEY (faktura, poradi)
) ENGINE = InnoDB CHARACTER SET utf8mb4 COLLATE utf8mb4_czech_ci;

CREATE TABLE ud_dph (
    faktura integer NOT NULL,
    sazba smallint NOT NULL,
    zaklad bigint NOT NULL,
    dan bigint NOT NULL,
    dan_czk bigint,
    kurz numeric(10, 3),
    PRIMARY KEY (faktura, sazba)
) ENGINE = InnoDB CHARACTER SET utf8mb4 COLLATE utf8mb4_czech_ci;

CREATE TABLE ud_hovor (
    id integer PRIMARY KEY,
    ucastnik varchar(60) NOT NULL,
    konference varchar(20) NOT NULL,
    stav smallint NOT NULL,
    vterin integer NOT NULL,
    zapsano bigint NOT NULL,
    zahajeno datetime NOT NULL,
    rezervace varchar(20),
    ucet integer,
    faktura integer,
    smlouva varchar(20),
    verze smallint,
    pravidla varchar(20),
    duvod varchar(40),
    dobropis tinyint(1) NOT NULL DEFAULT 0
) ENGINE = InnoDB CHARACTER SET utf8mb4 COLLATE utf8mb4_czech_ci;
CREATE INDEX ud_hovor_faktura ON ud_hovor (faktura);
CREATE INDEX ud_hovor_konference ON ud_hovor (konference);

CREATE TABLE ud_usek (
    hovor integer NOT NULL,
    poradi smallint NOT NULL,
    sluzba smallint NOT NULL,
    pasmo char(1) NOT NULL,
    vterin integer NOT NULL,
    cena integer NOT NULL,
    castka numeric(20, 10) NOT NULL,
    od_kdy bigint,
    do_kdy bigint,
    PRIMARY KEY (hovor, poradi)
) ENGINE = InnoDB CHARACTER SET utf8mb4 COLLATE utf8mb4_czech_ci;

CREATE TABLE ud_kurz (
    mena char(3) NOT NULL,
    den date NOT NULL,
    mnozstvi smallint NOT NULL,
    kurz numeric(10, 3) NOT NULL,
    PRIMARY KEY (mena, den)
) ENGINE = InnoDB CHARACTER SET utf8mb4 COLLATE utf8mb4_czech_ci;

CREATE VIEW `Účty` AS
SELECT cislo AS `Č. účtu`, mena AS `Měna`, den AS `Den vyúčtování`, splatnost AS `Splatnost (dní)`,
    ico AS `IČO`, dic AS `DIČ`, crm_id, crm_od, crm_do
FROM ud_ucet;

CREATE VIEW `Období` AS
SELECT ucet AS `Č. účtu`, od AS `Od`, `do` AS `Do`, stav AS `Stav` FROM ud_obdobi;

CREATE VIEW `v-faktury` AS
SELECT doklad, ucet, obdobi, stav, mena, zaklad, celkem, cislo, vystaveno, duzp, splatno FROM ud_faktura;

CREATE VIEW `v-radky` AS
SELECT f.doklad, r.poradi, r.popis, r.pasmo, r.mnozstvi, r.na, r.cena, r.castka, r.konference, r.smlouva, r.verze
FROM ud_radek r JOIN ud_faktura f ON f.id = r.faktura;

CREATE VIEW `v.dph` AS
SELECT f.doklad, d.sazba AS `% DPH`, d.zaklad AS `Základ`, d.dan AS `Daň`, d.dan_czk AS `Daň v Kč`, d.kurz AS `Kurz ČNB`
FROM ud_dph d JOIN ud_faktura f ON f.id = d.faktura;

CREATE VIEW `HOVORY 2024+` AS
SELECT h.id, h.ucastnik, h.konference, h.stav, h.vterin, h.zapsano, h.zahajeno, h.rezervace, h.ucet, f.doklad,
    h.smlouva, h.verze, h.pravidla, h.duvod, h.dobropis
FROM ud_hovor h LEFT JOIN ud_faktura f ON f.id = h.faktura;

CREATE VIEW `Úseky` AS
SELECT hovor, poradi, sluzba, pasmo, vterin, cena, castka, od_kdy, do_kdy FROM ud_usek;
