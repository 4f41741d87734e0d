"""Top-level domains that turn a bare `name.tld` into a link on X; with `https://` before it no list is needed.

All country codes and the generic names a newsroom's text is likely to hold, out of IANA's root zone
(https://data.iana.org/TLD/tlds-alpha-by-domain.txt, as twitter-text of 2021 knew it). A missing one is read as text.
"""

COUNTRY = (
    "ac ad ae af ag ai al am an ao aq ar as at au aw ax az ba bb bd be bf bg bh bi bj bl bm bn bo bq br bs bt bv bw by "
    "bz ca cc cd cf cg ch ci ck cl cm cn co cr cu cv cw cx cy cz de dj dk dm do dz ec ee eg eh er es et eu fi fj fk fm "
    "fo fr ga gb gd ge gf gg gh gi gl gm gn gp gq gr gs gt gu gw gy hk hm hn hr ht hu id ie il im in io iq ir is it je "
    "jm jo jp ke kg kh ki km kn kp kr kw ky kz la lb lc li lk lr ls lt lu lv ly ma mc md me mf mg mh mk ml mm mn mo mp "
    "mq mr ms mt mu mv mw mx my mz na nc ne nf ng ni nl no np nr nu nz om pa pe pf pg ph pk pl pm pn pr ps pt pw py qa "
    "re ro rs ru rw sa sb sc sd se sg sh si sj sk sl sm sn so sr ss st su sv sx sy sz tc td tf tg th tj tk tl tm tn to "
    "tp tr tt tv tw tz ua ug uk um us uy uz va vc ve vg vi vn vu wf ws ye yt za zm zw "
    "ایران امارات السعودية المغرب الجزائر تونس مصر عراق سورية فلسطين الاردن عمان قطر البحرين سودان موريتانيا پاکستان "
    "بھارت भारत ভারত বাংলা ไทย 中国 中國 台湾 台灣 香港 澳門 新加坡 한국 рф бг бел срб укр қаз мкд мон ею ευ ελ հայ გე"
)
GENERIC = (
    "academy accountant actor aero africa agency alsace app archi art arte asia associates auction audio auto bank bar "
    "barcelona bargains bayern beer berlin best bet bible bid bike bio biz black blog blue boston boutique brussels "
    "build builders business buzz cafe cam camera camp capital car cards care careers cars casa cash cat "
    "catering catholic center ceo charity chat cheap church city claims cleaning click clinic clothing cloud club "
    "coach codes coffee college cologne com community company computer consulting contact cooking cool coop corsica "
    "country courses credit cruises dance data date dating deals delivery dental design dev diamonds diet "
    "digital direct directory discount doctor dog domains download dubai earth eco edu education email energy "
    "engineering enterprises equipment estate eus events exchange expert exposed express fail faith family fans farm "
    "fashion film finance financial fish fit fitness florist flowers football forsale forum foundation frl fun fund "
    "furniture futbol fyi gal gallery game games garden gent gift gifts gives glass global gmbh gold golf google gop "
    "gov graphics gratis green group guide guitars guru hamburg haus health healthcare help hiphop hockey holdings "
    "holiday horse hospital host hosting hotel house how immo inc industries info ink institute insure int "
    "international investments irish istanbul jewelry jobs kaufen kim kitchen kiwi koeln krd land lat law lawyer "
    "legal lgbt life lighting limited limo link live llc loan loans lol london love ltd luxury madrid management "
    "market marketing markets mba media melbourne memorial menu miami mil mobi moda moe mom money moscow mov movie "
    "museum music name navy net network new news nexus ngo ninja now nrw nyc observer one ong onl online ooo org "
    "organic page paris partners parts party pet pharmacy photo photography photos pics pictures pink pizza place play "
    "plumbing plus poker post press pro productions promo properties property pub quebec racing radio read "
    "realty recipes red rehab reisen rent rentals repair report rest restaurant review reviews rich rio "
    "rip rocks rugby ruhr run saarland sale salon sarl school science scot security services shoes shop "
    "shopping show ski soccer social software solar solutions space sport store stream studio study style "
    "supplies supply support surf surgery swiss sydney systems taipei tattoo tax taxi team tech technology tel tennis "
    "theater tickets tienda tips tires tirol today tokyo tools top tours town toys trade trading training travel tube "
    "university uno vacations vegas ventures vet viajes video villas vin vip vision vlaanderen vodka vote voting "
    "voyage wales watch webcam website wedding wiki win wine work works world wtf xyz yoga youtube zip zone "
    "عرب موقع شبكة بازار همراه كوم みんな コム 世界 中文网 公司 网站 网络 新闻 сайт онлайн орг рус москва дети ком"
)
TLDS = frozenset(f"{COUNTRY} {GENERIC}".split())
