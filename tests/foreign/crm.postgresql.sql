-- The sales department's old CRM: a prefix before every name, whole numbers for keys, codes for states, money in
-- haléře, days written as numbers, rows that are only marked as deleted.

CREATE TABLE kli_firmy (
    kli_id integer PRIMARY KEY,
    kli_nazev varchar(120) NOT NULL,
    kli_ico varchar(15) NOT NULL DEFAULT '',
    kli_dic varchar(20) NOT NULL DEFAULT '',
    kli_email varchar(100) NOT NULL DEFAULT '',
    kli_souhlas char(1) NOT NULL,
    kli_obchodnik char(20),
    kli_ulice varchar(80),
    kli_mesto varchar(60),
    kli_psc varchar(10),
    kli_zeme char(2),
    kli_zalozeno timestamp NOT NULL,
    kli_smazano smallint NOT NULL DEFAULT 0
);
CREATE INDEX kli_firmy_nazev ON kli_firmy (kli_nazev);
CREATE INDEX kli_firmy_ico ON kli_firmy (kli_ico);

CREATE TABLE kli_osoby (
    oso_id serial PRIMARY KEY,
    kli_id integer NOT NULL,
    oso_poradi smallint NOT NULL,
    oso_jmeno varchar(80) NOT NULL,
    oso_email varchar(100),
    oso_telefon varchar(30)
);
CREATE INDEX kli_osoby_firma ON kli_osoby (kli_id);

-- sml_stav: 0 návrh, 1 podepsaná, 9 ukončená. sml_mena: ISO 4217, the number. sml_do: 9999-12-31 until further notice.
CREATE TABLE sml_smlouvy (
    sml_cislo varchar(20) PRIMARY KEY,
    kli_id integer NOT NULL,
    sml_stav smallint NOT NULL,
    sml_od date NOT NULL,
    sml_do date NOT NULL DEFAULT '9999-12-31',
    sml_mena smallint NOT NULL,
    sml_deleni char(1) NOT NULL,
    sml_pauza integer NOT NULL DEFAULT 0
);
CREATE INDEX sml_smlouvy_firma ON sml_smlouvy (kli_id);

-- Days as numbers: 20240901; 0 where there is none.
CREATE TABLE cen_verze (
    sml_cislo varchar(20) NOT NULL,
    ver_cislo smallint NOT NULL,
    ver_od integer NOT NULL,
    ver_do integer NOT NULL DEFAULT 0,
    PRIMARY KEY (sml_cislo, ver_cislo)
);

-- saz_cena: a hundredth of a haléř per minute. saz_minimum: haléře, 0 for none. saz_pasmo: S špička, M mimo špičku.
CREATE TABLE cen_sazby (
    saz_id serial PRIMARY KEY,
    sml_cislo varchar(20) NOT NULL,
    ver_cislo smallint NOT NULL,
    saz_poradi smallint NOT NULL,
    saz_sluzba smallint NOT NULL,
    saz_pasmo char(1) NOT NULL,
    saz_cena integer NOT NULL,
    saz_prvni smallint NOT NULL,
    saz_dalsi smallint NOT NULL,
    saz_minimum integer NOT NULL DEFAULT 0
);
CREATE INDEX cen_sazby_verze ON cen_sazby (sml_cislo, ver_cislo, saz_poradi);

CREATE TABLE cis_svatky (
    sva_den date PRIMARY KEY,
    sva_nazev varchar(80) NOT NULL
);
