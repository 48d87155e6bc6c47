"""What factor codes mean: of 2017 and 2025, and of 2005 where there was one.

`unit` (UCUM) is the standard's; "" where sources do not agree or devices are known to differ: then the configuration of
the point says it. A code that is not here is kept as it is; nothing is guessed about it.
"""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Factor:
    code: str
    old_code: str
    unit: str
    name_zh: str
    name_en: str


_TABLE = """
w00000 B01 L/s     废水流量           Waste water flow
w01001 001 [pH]    pH值               pH
w01002 002 -       色度               Colour
w01003 -   -       浊度               Turbidity
w01006 -   mg/L    溶解性总固体       Total dissolved solids
w01009 -   mg/L    溶解氧             Dissolved oxygen
w01010 -   Cel     水温               Water temperature
w01012 003 mg/L    悬浮物             Suspended solids
w01014 -   uS/cm   电导率             Conductivity
w01017 010 mg/L    五日生化需氧量     Biochemical oxygen demand, five days
w01018 011 mg/L    化学需氧量         Chemical oxygen demand
w01019 -   mg/L    高锰酸盐指数       Permanganate index
w01020 015 mg/L    总有机碳           Total organic carbon
w19002 520 mg/L    阴离子表面活性剂   Anionic surfactants
w20038 040 mg/L    钴                 Cobalt
w20061 038 mg/L    钼                 Molybdenum
w20111 020 -       总汞               Total mercury
w20115 022 -       总镉               Total cadmium
w20116 023 mg/L    总铬               Total chromium
w20117 024 -       六价铬             Hexavalent chromium
w20119 026 -       总砷               Total arsenic
w20120 027 -       总铅               Total lead
w20121 028 mg/L    总镍               Total nickel
w20122 029 mg/L    总铜               Total copper
w20123 030 mg/L    总锌               Total zinc
w20124 031 mg/L    总锰               Total manganese
w20125 032 mg/L    总铁               Total iron
w20126 033 mg/L    总银               Total silver
w20127 034 -       总铍               Total beryllium
w20128 035 -       总硒               Total selenium
w21001 065 mg/L    总氮               Total nitrogen
w21003 060 mg/L    氨氮               Ammonia nitrogen
w21004 062 mg/L    凯氏氮             Kjeldahl nitrogen
w21006 063 mg/L    亚硝酸盐           Nitrite
w21007 064 mg/L    硝酸盐             Nitrate
w21011 101 mg/L    总磷               Total phosphorus
w21016 070 mg/L    氰化物             Cyanides
w21017 072 mg/L    氟化物             Fluorides
w21019 071 mg/L    硫化物             Sulphides
w21022 090 mg/L    氯化物             Chlorides
w22001 080 mg/L    石油类             Petroleum oils
w23002 110 mg/L    挥发酚             Volatile phenols
a00000 B02 -       废气流量           Waste gas flow
a01001 -   Cel     气温               Air temperature
a01002 -   %       湿度               Air humidity
a01006 -   kPa     气压               Air pressure
a01007 -   m/s     风速               Wind speed
a01008 -   deg     风向               Wind direction
a01010 37  -       林格曼黑度         Ringelmann number
a01011 S02 m/s     烟气流速           Flue gas velocity
a01012 S03 Cel     烟气温度           Flue gas temperature
a01013 S08 -       烟气压力           Flue gas pressure
a01014 S05 %       烟气湿度           Flue gas humidity
a01015 S06 Cel     制冷温度           Cooler temperature
a01016 S07 m2      烟道截面积         Duct cross-section
a01017 S04 -       烟气动压           Flue gas dynamic pressure
a01901 -   Cel     焚烧炉膛平均温度   Mean furnace temperature of waste incineration
a01902 -   Cel     焚烧炉膛DCS温度    Furnace temperature of waste incineration by DCS
a05001 30  mg/m3   二氧化碳           Carbon dioxide
a05002 -   -       甲烷               Methane
a05024 -   -       臭氧               Ozone
a19001 S01 %       氧含量             Oxygen
a20016 36  mg/m3   铍及其化合物       Beryllium and its compounds
a20025 33  mg/m3   镉及其化合物       Cadmium and its compounds
a20043 32  mg/m3   铅及其化合物       Lead and its compounds
a20057 31  mg/m3   汞及其化合物       Mercury and its compounds
a20063 35  mg/m3   镍及其化合物       Nickel and its compounds
a20091 34  mg/m3   锡及其化合物       Tin and its compounds
a21001 10  -       氨                 Ammonia
a21002 03  mg/m3   氮氧化物           Nitrogen oxides
a21003 -   -       一氧化氮           Nitric oxide
a21004 -   -       二氧化氮           Nitrogen dioxide
a21005 04  mg/m3   一氧化碳           Carbon monoxide
a21017 07  mg/m3   氰化物             Cyanides in gas
a21018 06  mg/m3   氟化物             Fluorides in gas
a21022 11  mg/m3   氯气               Chlorine
a21024 08  mg/m3   氯化氢             Hydrogen chloride
a21026 02  mg/m3   二氧化硫           Sulphur dioxide
a21028 05  mg/m3   硫化氢             Hydrogen sulphide
a23001 27  mg/m3   酚类               Phenols
a24046 29  mg/m3   氯乙烯             Vinyl chloride
a24087 25  mg/m3   碳氢化合物         Hydrocarbons
a24088 -   mg/m3   非甲烷总烃         Non-methane hydrocarbons
a25002 -   mg/m3   苯                 Benzene
a25003 17  mg/m3   甲苯               Toluene
a25004 -   mg/m3   乙苯               Ethylbenzene
a25005 18  mg/m3   二甲苯             Xylenes
a25010 23  mg/m3   氯苯类             Chlorobenzenes
a25023 22  mg/m3   硝基苯类           Nitrobenzenes
a25038 -   mg/m3   苯乙烯             Styrene
a25044 20  mg/m3   苯并[a]芘          Benzo[a]pyrene
a26001 21  mg/m3   苯胺类             Anilines
a30001 28  mg/m3   甲醇               Methanol
a30022 13  mg/m3   硫醇               Mercaptans
a31001 19  mg/m3   甲醛               Formaldehyde
a31002 26  mg/m3   乙醛               Acetaldehyde
a34001 -   -       总悬浮颗粒物       Total suspended particles
a34002 -   -       可吸入颗粒物PM10   Particles PM10
a34004 -   -       细颗粒物PM2.5      Particles PM2.5
a34013 01  mg/m3   颗粒物             Particulate matter
a34038 09  mg/m3   沥青烟             Asphalt fume
a34039 14  mg/m3   硫酸雾             Sulphuric acid mist
a34040 15  mg/m3   铬酸雾             Chromic acid mist
a99049 24  mg/m3   光气               Phosgene
a99051 12  mg/m3   二硫化碳           Carbon disulphide
a99054 -   -       总挥发性有机物     Total volatile organic compounds
LA     -   dB      A声级              Sound level, A-weighted
Leq    -   dB      等效声级           Equivalent sound level
"""


def _read_table() -> dict[str, Factor]:
    by_code: dict[str, Factor] = {}
    for line in _TABLE.strip().splitlines():
        code, *sparse, name_zh, name_en = line.split(maxsplit=4)
        old_code, unit = ("" if cell == "-" else cell for cell in sparse)
        factor = Factor(code, old_code, unit, name_zh, name_en)
        by_code[code] = factor
        if old_code:
            by_code[old_code] = factor
    return by_code


_BY_CODE = _read_table()


def factor_of(code: str) -> Factor | None:
    """The factor of a code, new or old; some devices write new codes in capitals. None: not known here."""
    return _BY_CODE.get(code) or _BY_CODE.get(code[:1].lower() + code[1:])


def canonical_code(code: str) -> str:
    """The new code where the factor is known, else the code as it is."""
    factor = factor_of(code)
    return factor.code if factor else code
