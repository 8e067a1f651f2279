"""What a frame shows, in words: made from the pose data, for those who do not see the picture.

The tables are by language: these are not sentences of the pages but names of what bodies do, and
they stand beside the data they describe.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from adherence.domain.exercises import Exercise, mirrored
from adherence.domain.figure import SIDES, turned
from adherence.domain.motions import Moment, shown

LEAST = 15.0
"""Degrees from which an angle is worth a word."""
CHANGED = 12.0
"""Degrees an angle has to differ from the start to be told first."""
UNBENT = 30.0
"""Degrees a joint has to lose for being straight to be told."""
LIFTED = 0.05
"""Metres the pelvis has to rise or sink to be told."""
MOST = 4
"""How many angles are told."""


@dataclass(frozen=True, slots=True)
class Tongue:
    """One language: names of moments, positions, parts, surfaces and movements."""

    moments: Mapping[str, str]
    positions: Mapping[str, str]
    parts: Mapping[str, tuple[str, str, str]]
    surfaces: Mapping[str, str]
    movements: Mapping[str, tuple[str, ...]]
    body: Mapping[str, str]
    works: str
    stretches: str
    sides: Mapping[str, str]


EN = Tongue(
    moments={"start": "start position", "middle": "half way", "end": "end position"},
    positions={
        "standing": "A person stands",
        "sitting": "A person sits",
        "lying-back": "A person lies on the back",
        "lying-front": "A person lies on the front",
        "lying-side": "A person lies on the side",
        "kneeling": "A person kneels",
        "four-point": "A person is on hands and knees",
    },
    parts={
        "foot": ("both feet", "left foot", "right foot"),
        "heel": ("both heels", "left heel", "right heel"),
        "toes": ("both forefeet", "left forefoot", "right forefoot"),
        "knee": ("both knees", "left knee", "right knee"),
        "hand": ("both hands", "left hand", "right hand"),
        "fingers": ("fingers of both hands", "left fingers", "right fingers"),
        "forearm": ("both forearms", "left forearm", "right forearm"),
        "elbow": ("both elbows", "left elbow", "right elbow"),
        "head": ("head", "", ""),
    },
    surfaces={
        "floor": "on the floor",
        "chair": "on the chair",
        "chair-seat": "on the seat",
        "chair-back": "on the backrest",
        "wall": "on the wall",
        "bed": "on the bed",
        "step": "on the step",
        "table": "on the table",
        "cushion": "on a cushion",
        "mat": "on the mat",
        "belly": "on the belly",
        "chest": "on the chest",
        "forehead": "on the forehead",
        "back-of-head": "on the back of the head",
        "lower-back": "on the lower back",
        "thigh": "on the thigh",
        "knee": "on the knee",
        "shin": "on the shin",
        "ankle": "on the ankle",
        "foot": "on the foot",
        "shoulder": "on the shoulder",
        "elbow": "on the elbow",
        "forearm": "on the forearm",
        "hand": "on the other hand",
        "temple": "on the side of the head",
        "ribs": "on the lower ribs",
        "hip": "on the hip",
    },
    movements={
        "pelvis.height": ("pelvis {n} centimetres higher", "pelvis {n} centimetres lower"),
        "knee.straight": ("both knees straight", "left knee straight", "right knee straight"),
        "hip.straight": ("both hips straight", "left hip straight", "right hip straight"),
        "elbow.straight": ("both elbows straight", "left elbow straight", "right elbow straight"),
        "fingers.straight": (
            "fingers of both hands straight",
            "left fingers straight",
            "right fingers straight",
        ),
        "trunk.flexion": ("body leaning forward {n} degrees", "body leaning back {n} degrees"),
        "back.flexion": ("back rounded {n} degrees", "back arched {n} degrees"),
        "back.bend": ("body bent {n} degrees to the left", "body bent {n} degrees to the right"),
        "back.turn": (
            "body turned {n} degrees to the left",
            "body turned {n} degrees to the right",
        ),
        "head.flexion": ("head bent forward {n} degrees", "head bent back {n} degrees"),
        "head.bend": (
            "head tilted {n} degrees to the left",
            "head tilted {n} degrees to the right",
        ),
        "head.turn": (
            "head turned {n} degrees to the left",
            "head turned {n} degrees to the right",
        ),
        "hip.flexion+": (
            "both hips bent {n} degrees",
            "left hip bent {n} degrees",
            "right hip bent {n} degrees",
        ),
        "hip.flexion-": (
            "both thighs {n} degrees back",
            "left thigh {n} degrees back",
            "right thigh {n} degrees back",
        ),
        "hip.abduction+": (
            "both legs {n} degrees out to the side",
            "left leg {n} degrees out to the side",
            "right leg {n} degrees out to the side",
        ),
        "hip.abduction-": (
            "both legs {n} degrees across the middle",
            "left leg {n} degrees across the middle",
            "right leg {n} degrees across the middle",
        ),
        "hip.rotation+": (
            "both legs turned out {n} degrees",
            "left leg turned out {n} degrees",
            "right leg turned out {n} degrees",
        ),
        "hip.rotation-": (
            "both legs turned in {n} degrees",
            "left leg turned in {n} degrees",
            "right leg turned in {n} degrees",
        ),
        "knee.flexion+": (
            "both knees bent {n} degrees",
            "left knee bent {n} degrees",
            "right knee bent {n} degrees",
        ),
        "ankle.flexion+": (
            "both feet drawn up {n} degrees",
            "left foot drawn up {n} degrees",
            "right foot drawn up {n} degrees",
        ),
        "ankle.flexion-": (
            "both feet pointed {n} degrees",
            "left foot pointed {n} degrees",
            "right foot pointed {n} degrees",
        ),
        "ankle.inversion+": (
            "both soles turned in {n} degrees",
            "left sole turned in {n} degrees",
            "right sole turned in {n} degrees",
        ),
        "ankle.inversion-": (
            "both soles turned out {n} degrees",
            "left sole turned out {n} degrees",
            "right sole turned out {n} degrees",
        ),
        "toes.flexion+": (
            "toes of both feet curled {n} degrees",
            "left toes curled {n} degrees",
            "right toes curled {n} degrees",
        ),
        "toes.flexion-": (
            "toes of both feet bent up {n} degrees",
            "left toes bent up {n} degrees",
            "right toes bent up {n} degrees",
        ),
        "scapula.elevation+": (
            "both shoulders raised",
            "left shoulder raised",
            "right shoulder raised",
        ),
        "scapula.protraction+": (
            "both shoulders forward",
            "left shoulder forward",
            "right shoulder forward",
        ),
        "scapula.protraction-": (
            "shoulder blades drawn together",
            "left shoulder blade drawn back",
            "right shoulder blade drawn back",
        ),
        "shoulder.flexion+": (
            "both arms raised forward {n} degrees",
            "left arm raised forward {n} degrees",
            "right arm raised forward {n} degrees",
        ),
        "shoulder.flexion-": (
            "both arms {n} degrees back",
            "left arm {n} degrees back",
            "right arm {n} degrees back",
        ),
        "shoulder.abduction+": (
            "both arms raised to the side {n} degrees",
            "left arm raised to the side {n} degrees",
            "right arm raised to the side {n} degrees",
        ),
        "shoulder.horizontal+": (
            "both arms {n} degrees across the chest",
            "left arm {n} degrees across the chest",
            "right arm {n} degrees across the chest",
        ),
        "shoulder.horizontal-": (
            "both arms opened {n} degrees",
            "left arm opened {n} degrees",
            "right arm opened {n} degrees",
        ),
        "shoulder.rotation+": (
            "both arms turned out {n} degrees",
            "left arm turned out {n} degrees",
            "right arm turned out {n} degrees",
        ),
        "shoulder.rotation-": (
            "both arms turned in {n} degrees",
            "left arm turned in {n} degrees",
            "right arm turned in {n} degrees",
        ),
        "elbow.flexion+": (
            "both elbows bent {n} degrees",
            "left elbow bent {n} degrees",
            "right elbow bent {n} degrees",
        ),
        "forearm.pronation+": (
            "both palms turned down {n} degrees",
            "left palm turned down {n} degrees",
            "right palm turned down {n} degrees",
        ),
        "forearm.pronation-": (
            "both palms turned up {n} degrees",
            "left palm turned up {n} degrees",
            "right palm turned up {n} degrees",
        ),
        "wrist.flexion+": (
            "both wrists bent {n} degrees",
            "left wrist bent {n} degrees",
            "right wrist bent {n} degrees",
        ),
        "wrist.flexion-": (
            "both wrists bent back {n} degrees",
            "left wrist bent back {n} degrees",
            "right wrist bent back {n} degrees",
        ),
        "fingers.flexion+": (
            "fingers of both hands bent {n} degrees",
            "left fingers bent {n} degrees",
            "right fingers bent {n} degrees",
        ),
        "thumb.flexion+": (
            "both thumbs bent {n} degrees",
            "left thumb bent {n} degrees",
            "right thumb bent {n} degrees",
        ),
        "breath.belly+": ("belly filled with air",),
        "breath.ribs+": ("lower ribs widened with air",),
    },
    body={
        "neck": "neck",
        "shoulder": "shoulder",
        "upper-arm-front": "front of the upper arm",
        "upper-arm-back": "back of the upper arm",
        "forearm": "forearm",
        "hand": "hand",
        "chest": "chest",
        "upper-back": "upper back",
        "lower-back": "lower back",
        "belly": "belly",
        "buttock": "buttock",
        "thigh-front": "front of the thigh",
        "thigh-back": "back of the thigh",
        "thigh-inner": "inner thigh",
        "hip-side": "side of the hip",
        "calf": "calf",
        "shin": "shin",
        "foot": "foot",
    },
    works="Marked as working: {parts}.",
    stretches="Marked as stretched: {parts}.",
    sides={"r": "Shown for the right side.", "l": "Shown for the left side."},
)

DE = Tongue(
    moments={"start": "Ausgangsstellung", "middle": "auf halbem Weg", "end": "Endstellung"},
    positions={
        "standing": "Eine Person steht",
        "sitting": "Eine Person sitzt",
        "lying-back": "Eine Person liegt auf dem Rücken",
        "lying-front": "Eine Person liegt auf dem Bauch",
        "lying-side": "Eine Person liegt auf der Seite",
        "kneeling": "Eine Person kniet",
        "four-point": "Eine Person ist im Vierfüßlerstand",
    },
    parts={
        "foot": ("beide Füße", "linker Fuß", "rechter Fuß"),
        "heel": ("beide Fersen", "linke Ferse", "rechte Ferse"),
        "toes": ("beide Vorfüße", "linker Vorfuß", "rechter Vorfuß"),
        "knee": ("beide Knie", "linkes Knie", "rechtes Knie"),
        "hand": ("beide Hände", "linke Hand", "rechte Hand"),
        "fingers": ("Finger beider Hände", "Finger der linken Hand", "Finger der rechten Hand"),
        "forearm": ("beide Unterarme", "linker Unterarm", "rechter Unterarm"),
        "elbow": ("beide Ellbogen", "linker Ellbogen", "rechter Ellbogen"),
        "head": ("Kopf", "", ""),
    },
    surfaces={
        "floor": "auf dem Boden",
        "chair": "auf dem Stuhl",
        "chair-seat": "auf der Sitzfläche",
        "chair-back": "auf der Stuhllehne",
        "wall": "an der Wand",
        "bed": "auf dem Bett",
        "step": "auf der Stufe",
        "table": "auf dem Tisch",
        "cushion": "auf einem Kissen",
        "mat": "auf der Matte",
        "belly": "auf dem Bauch",
        "chest": "auf der Brust",
        "forehead": "an der Stirn",
        "back-of-head": "am Hinterkopf",
        "lower-back": "am unteren Rücken",
        "thigh": "auf dem Oberschenkel",
        "knee": "am Knie",
        "shin": "am Schienbein",
        "ankle": "am Knöchel",
        "foot": "am Fuß",
        "shoulder": "an der Schulter",
        "elbow": "am Ellbogen",
        "forearm": "am Unterarm",
        "hand": "an der anderen Hand",
        "temple": "an der Seite des Kopfes",
        "ribs": "an den unteren Rippen",
        "hip": "an der Hüfte",
    },
    movements={
        "pelvis.height": ("Becken {n} Zentimeter höher", "Becken {n} Zentimeter tiefer"),
        "knee.straight": (
            "beide Knie gestreckt",
            "linkes Knie gestreckt",
            "rechtes Knie gestreckt",
        ),
        "hip.straight": (
            "beide Hüften gestreckt",
            "linke Hüfte gestreckt",
            "rechte Hüfte gestreckt",
        ),
        "elbow.straight": (
            "beide Ellbogen gestreckt",
            "linker Ellbogen gestreckt",
            "rechter Ellbogen gestreckt",
        ),
        "fingers.straight": (
            "Finger beider Hände gestreckt",
            "linke Finger gestreckt",
            "rechte Finger gestreckt",
        ),
        "trunk.flexion": (
            "Körper {n} Grad nach vorn geneigt",
            "Körper {n} Grad nach hinten geneigt",
        ),
        "back.flexion": ("Rücken {n} Grad gerundet", "Rücken {n} Grad nach hinten gestreckt"),
        "back.bend": (
            "Oberkörper {n} Grad nach links geneigt",
            "Oberkörper {n} Grad nach rechts geneigt",
        ),
        "back.turn": (
            "Oberkörper {n} Grad nach links gedreht",
            "Oberkörper {n} Grad nach rechts gedreht",
        ),
        "head.flexion": (
            "Kopf {n} Grad nach vorn gebeugt",
            "Kopf {n} Grad nach hinten gebeugt",
        ),
        "head.bend": ("Kopf {n} Grad nach links geneigt", "Kopf {n} Grad nach rechts geneigt"),
        "head.turn": ("Kopf {n} Grad nach links gedreht", "Kopf {n} Grad nach rechts gedreht"),
        "hip.flexion+": (
            "beide Hüften {n} Grad gebeugt",
            "linke Hüfte {n} Grad gebeugt",
            "rechte Hüfte {n} Grad gebeugt",
        ),
        "hip.flexion-": (
            "beide Oberschenkel {n} Grad nach hinten",
            "linker Oberschenkel {n} Grad nach hinten",
            "rechter Oberschenkel {n} Grad nach hinten",
        ),
        "hip.abduction+": (
            "beide Beine {n} Grad zur Seite",
            "linkes Bein {n} Grad zur Seite",
            "rechtes Bein {n} Grad zur Seite",
        ),
        "hip.abduction-": (
            "beide Beine {n} Grad über die Mitte",
            "linkes Bein {n} Grad über die Mitte",
            "rechtes Bein {n} Grad über die Mitte",
        ),
        "hip.rotation+": (
            "beide Beine {n} Grad nach außen gedreht",
            "linkes Bein {n} Grad nach außen gedreht",
            "rechtes Bein {n} Grad nach außen gedreht",
        ),
        "hip.rotation-": (
            "beide Beine {n} Grad nach innen gedreht",
            "linkes Bein {n} Grad nach innen gedreht",
            "rechtes Bein {n} Grad nach innen gedreht",
        ),
        "knee.flexion+": (
            "beide Knie {n} Grad gebeugt",
            "linkes Knie {n} Grad gebeugt",
            "rechtes Knie {n} Grad gebeugt",
        ),
        "ankle.flexion+": (
            "beide Füße {n} Grad hochgezogen",
            "linker Fuß {n} Grad hochgezogen",
            "rechter Fuß {n} Grad hochgezogen",
        ),
        "ankle.flexion-": (
            "beide Füße {n} Grad gestreckt",
            "linker Fuß {n} Grad gestreckt",
            "rechter Fuß {n} Grad gestreckt",
        ),
        "ankle.inversion+": (
            "beide Fußsohlen {n} Grad nach innen gedreht",
            "linke Fußsohle {n} Grad nach innen gedreht",
            "rechte Fußsohle {n} Grad nach innen gedreht",
        ),
        "ankle.inversion-": (
            "beide Fußsohlen {n} Grad nach außen gedreht",
            "linke Fußsohle {n} Grad nach außen gedreht",
            "rechte Fußsohle {n} Grad nach außen gedreht",
        ),
        "toes.flexion+": (
            "Zehen beider Füße {n} Grad eingerollt",
            "linke Zehen {n} Grad eingerollt",
            "rechte Zehen {n} Grad eingerollt",
        ),
        "toes.flexion-": (
            "Zehen beider Füße {n} Grad nach oben gebeugt",
            "linke Zehen {n} Grad nach oben gebeugt",
            "rechte Zehen {n} Grad nach oben gebeugt",
        ),
        "scapula.elevation+": (
            "beide Schultern hochgezogen",
            "linke Schulter hochgezogen",
            "rechte Schulter hochgezogen",
        ),
        "scapula.protraction+": (
            "beide Schultern nach vorn",
            "linke Schulter nach vorn",
            "rechte Schulter nach vorn",
        ),
        "scapula.protraction-": (
            "Schulterblätter zusammengezogen",
            "linkes Schulterblatt nach hinten gezogen",
            "rechtes Schulterblatt nach hinten gezogen",
        ),
        "shoulder.flexion+": (
            "beide Arme {n} Grad nach vorn gehoben",
            "linker Arm {n} Grad nach vorn gehoben",
            "rechter Arm {n} Grad nach vorn gehoben",
        ),
        "shoulder.flexion-": (
            "beide Arme {n} Grad nach hinten",
            "linker Arm {n} Grad nach hinten",
            "rechter Arm {n} Grad nach hinten",
        ),
        "shoulder.abduction+": (
            "beide Arme {n} Grad zur Seite gehoben",
            "linker Arm {n} Grad zur Seite gehoben",
            "rechter Arm {n} Grad zur Seite gehoben",
        ),
        "shoulder.horizontal+": (
            "beide Arme {n} Grad vor die Brust geführt",
            "linker Arm {n} Grad vor die Brust geführt",
            "rechter Arm {n} Grad vor die Brust geführt",
        ),
        "shoulder.horizontal-": (
            "beide Arme {n} Grad geöffnet",
            "linker Arm {n} Grad geöffnet",
            "rechter Arm {n} Grad geöffnet",
        ),
        "shoulder.rotation+": (
            "beide Arme {n} Grad nach außen gedreht",
            "linker Arm {n} Grad nach außen gedreht",
            "rechter Arm {n} Grad nach außen gedreht",
        ),
        "shoulder.rotation-": (
            "beide Arme {n} Grad nach innen gedreht",
            "linker Arm {n} Grad nach innen gedreht",
            "rechter Arm {n} Grad nach innen gedreht",
        ),
        "elbow.flexion+": (
            "beide Ellbogen {n} Grad gebeugt",
            "linker Ellbogen {n} Grad gebeugt",
            "rechter Ellbogen {n} Grad gebeugt",
        ),
        "forearm.pronation+": (
            "beide Handflächen {n} Grad nach unten gedreht",
            "linke Handfläche {n} Grad nach unten gedreht",
            "rechte Handfläche {n} Grad nach unten gedreht",
        ),
        "forearm.pronation-": (
            "beide Handflächen {n} Grad nach oben gedreht",
            "linke Handfläche {n} Grad nach oben gedreht",
            "rechte Handfläche {n} Grad nach oben gedreht",
        ),
        "wrist.flexion+": (
            "beide Handgelenke {n} Grad gebeugt",
            "linkes Handgelenk {n} Grad gebeugt",
            "rechtes Handgelenk {n} Grad gebeugt",
        ),
        "wrist.flexion-": (
            "beide Handgelenke {n} Grad nach hinten gebeugt",
            "linkes Handgelenk {n} Grad nach hinten gebeugt",
            "rechtes Handgelenk {n} Grad nach hinten gebeugt",
        ),
        "fingers.flexion+": (
            "Finger beider Hände {n} Grad gebeugt",
            "linke Finger {n} Grad gebeugt",
            "rechte Finger {n} Grad gebeugt",
        ),
        "thumb.flexion+": (
            "beide Daumen {n} Grad gebeugt",
            "linker Daumen {n} Grad gebeugt",
            "rechter Daumen {n} Grad gebeugt",
        ),
        "breath.belly+": ("Bauch mit Luft gefüllt",),
        "breath.ribs+": ("untere Rippen durch Luft geweitet",),
    },
    body={
        "neck": "Nacken",
        "shoulder": "Schulter",
        "upper-arm-front": "Vorderseite des Oberarms",
        "upper-arm-back": "Rückseite des Oberarms",
        "forearm": "Unterarm",
        "hand": "Hand",
        "chest": "Brust",
        "upper-back": "oberer Rücken",
        "lower-back": "unterer Rücken",
        "belly": "Bauch",
        "buttock": "Gesäß",
        "thigh-front": "Vorderseite des Oberschenkels",
        "thigh-back": "Rückseite des Oberschenkels",
        "thigh-inner": "Innenseite des Oberschenkels",
        "hip-side": "Seite der Hüfte",
        "calf": "Wade",
        "shin": "Schienbein",
        "foot": "Fuß",
    },
    works="Als arbeitend markiert: {parts}.",
    stretches="Als gedehnt markiert: {parts}.",
    sides={"r": "Gezeigt für die rechte Seite.", "l": "Gezeigt für die linke Seite."},
)

RU = Tongue(
    moments={
        "start": "исходное положение",
        "middle": "на полпути",
        "end": "конечное положение",
    },
    positions={
        "standing": "Человек стоит",
        "sitting": "Человек сидит",
        "lying-back": "Человек лежит на спине",
        "lying-front": "Человек лежит на животе",
        "lying-side": "Человек лежит на боку",
        "kneeling": "Человек стоит на коленях",
        "four-point": "Человек стоит на четвереньках",
    },
    parts={
        "foot": ("обе стопы", "левая стопа", "правая стопа"),
        "heel": ("обе пятки", "левая пятка", "правая пятка"),
        "toes": ("носки обеих стоп", "носок левой стопы", "носок правой стопы"),
        "knee": ("оба колена", "левое колено", "правое колено"),
        "hand": ("обе кисти", "левая кисть", "правая кисть"),
        "fingers": ("пальцы обеих рук", "пальцы левой руки", "пальцы правой руки"),
        "forearm": ("оба предплечья", "левое предплечье", "правое предплечье"),
        "elbow": ("оба локтя", "левый локоть", "правый локоть"),
        "head": ("голова", "", ""),
    },
    surfaces={
        "floor": "на полу",
        "chair": "на стуле",
        "chair-seat": "на сиденье",
        "chair-back": "на спинке стула",
        "wall": "на стене",
        "bed": "на кровати",
        "step": "на ступеньке",
        "table": "на столе",
        "cushion": "на подушке",
        "mat": "на коврике",
        "belly": "на животе",
        "chest": "на груди",
        "forehead": "на лбу",
        "back-of-head": "на затылке",
        "lower-back": "на пояснице",
        "thigh": "на бедре",
        "knee": "на колене",
        "shin": "на голени",
        "ankle": "на щиколотке",
        "foot": "на стопе",
        "shoulder": "на плече",
        "elbow": "на локте",
        "forearm": "на предплечье",
        "hand": "на другой кисти",
        "temple": "сбоку на голове",
        "ribs": "на нижних рёбрах",
        "hip": "на тазе сбоку",
    },
    movements={
        "pelvis.height": ("таз выше на {n} см", "таз ниже на {n} см"),
        "knee.straight": ("оба колена прямые", "левое колено прямое", "правое колено прямое"),
        "hip.straight": (
            "обе ноги выпрямлены в бедре",
            "левая нога выпрямлена в бедре",
            "правая нога выпрямлена в бедре",
        ),
        "elbow.straight": (
            "обе руки прямые в локтях",
            "левая рука прямая в локте",
            "правая рука прямая в локте",
        ),
        "fingers.straight": (
            "пальцы обеих рук выпрямлены",
            "пальцы левой руки выпрямлены",
            "пальцы правой руки выпрямлены",
        ),
        "trunk.flexion": ("тело наклонено вперёд на {n}°", "тело отклонено назад на {n}°"),
        "back.flexion": ("спина округлена на {n}°", "спина прогнута на {n}°"),
        "back.bend": ("туловище наклонено влево на {n}°", "туловище наклонено вправо на {n}°"),
        "back.turn": ("туловище повёрнуто влево на {n}°", "туловище повёрнуто вправо на {n}°"),
        "head.flexion": ("голова наклонена вперёд на {n}°", "голова отклонена назад на {n}°"),
        "head.bend": ("голова наклонена влево на {n}°", "голова наклонена вправо на {n}°"),
        "head.turn": ("голова повёрнута влево на {n}°", "голова повёрнута вправо на {n}°"),
        "hip.flexion+": (
            "обе ноги согнуты в бедре на {n}°",
            "левая нога согнута в бедре на {n}°",
            "правая нога согнута в бедре на {n}°",
        ),
        "hip.flexion-": (
            "оба бедра отведены назад на {n}°",
            "левое бедро отведено назад на {n}°",
            "правое бедро отведено назад на {n}°",
        ),
        "hip.abduction+": (
            "обе ноги отведены в сторону на {n}°",
            "левая нога отведена в сторону на {n}°",
            "правая нога отведена в сторону на {n}°",
        ),
        "hip.abduction-": (
            "обе ноги заведены внутрь на {n}°",
            "левая нога заведена внутрь на {n}°",
            "правая нога заведена внутрь на {n}°",
        ),
        "hip.rotation+": (
            "обе ноги повёрнуты наружу на {n}°",
            "левая нога повёрнута наружу на {n}°",
            "правая нога повёрнута наружу на {n}°",
        ),
        "hip.rotation-": (
            "обе ноги повёрнуты внутрь на {n}°",
            "левая нога повёрнута внутрь на {n}°",
            "правая нога повёрнута внутрь на {n}°",
        ),
        "knee.flexion+": (
            "оба колена согнуты на {n}°",
            "левое колено согнуто на {n}°",
            "правое колено согнуто на {n}°",
        ),
        "ankle.flexion+": (
            "обе стопы подтянуты вверх на {n}°",
            "левая стопа подтянута вверх на {n}°",
            "правая стопа подтянута вверх на {n}°",
        ),
        "ankle.flexion-": (
            "обе стопы вытянуты на {n}°",
            "левая стопа вытянута на {n}°",
            "правая стопа вытянута на {n}°",
        ),
        "ankle.inversion+": (
            "обе подошвы повёрнуты внутрь на {n}°",
            "левая подошва повёрнута внутрь на {n}°",
            "правая подошва повёрнута внутрь на {n}°",
        ),
        "ankle.inversion-": (
            "обе подошвы повёрнуты наружу на {n}°",
            "левая подошва повёрнута наружу на {n}°",
            "правая подошва повёрнута наружу на {n}°",
        ),
        "toes.flexion+": (
            "пальцы обеих стоп поджаты на {n}°",
            "пальцы левой стопы поджаты на {n}°",
            "пальцы правой стопы поджаты на {n}°",
        ),
        "toes.flexion-": (
            "пальцы обеих стоп отогнуты вверх на {n}°",
            "пальцы левой стопы отогнуты вверх на {n}°",
            "пальцы правой стопы отогнуты вверх на {n}°",
        ),
        "scapula.elevation+": (
            "оба плеча подняты",
            "левое плечо поднято",
            "правое плечо поднято",
        ),
        "scapula.protraction+": (
            "оба плеча выведены вперёд",
            "левое плечо выведено вперёд",
            "правое плечо выведено вперёд",
        ),
        "scapula.protraction-": (
            "лопатки сведены",
            "левая лопатка отведена назад",
            "правая лопатка отведена назад",
        ),
        "shoulder.flexion+": (
            "обе руки подняты вперёд на {n}°",
            "левая рука поднята вперёд на {n}°",
            "правая рука поднята вперёд на {n}°",
        ),
        "shoulder.flexion-": (
            "обе руки отведены назад на {n}°",
            "левая рука отведена назад на {n}°",
            "правая рука отведена назад на {n}°",
        ),
        "shoulder.abduction+": (
            "обе руки подняты в сторону на {n}°",
            "левая рука поднята в сторону на {n}°",
            "правая рука поднята в сторону на {n}°",
        ),
        "shoulder.horizontal+": (
            "обе руки заведены к груди на {n}°",
            "левая рука заведена к груди на {n}°",
            "правая рука заведена к груди на {n}°",
        ),
        "shoulder.horizontal-": (
            "обе руки раскрыты на {n}°",
            "левая рука раскрыта на {n}°",
            "правая рука раскрыта на {n}°",
        ),
        "shoulder.rotation+": (
            "обе руки повёрнуты наружу на {n}°",
            "левая рука повёрнута наружу на {n}°",
            "правая рука повёрнута наружу на {n}°",
        ),
        "shoulder.rotation-": (
            "обе руки повёрнуты внутрь на {n}°",
            "левая рука повёрнута внутрь на {n}°",
            "правая рука повёрнута внутрь на {n}°",
        ),
        "elbow.flexion+": (
            "оба локтя согнуты на {n}°",
            "левый локоть согнут на {n}°",
            "правый локоть согнут на {n}°",
        ),
        "forearm.pronation+": (
            "обе ладони повёрнуты вниз на {n}°",
            "левая ладонь повёрнута вниз на {n}°",
            "правая ладонь повёрнута вниз на {n}°",
        ),
        "forearm.pronation-": (
            "обе ладони повёрнуты вверх на {n}°",
            "левая ладонь повёрнута вверх на {n}°",
            "правая ладонь повёрнута вверх на {n}°",
        ),
        "wrist.flexion+": (
            "оба запястья согнуты на {n}°",
            "левое запястье согнуто на {n}°",
            "правое запястье согнуто на {n}°",
        ),
        "wrist.flexion-": (
            "оба запястья отогнуты назад на {n}°",
            "левое запястье отогнуто назад на {n}°",
            "правое запястье отогнуто назад на {n}°",
        ),
        "fingers.flexion+": (
            "пальцы обеих рук согнуты на {n}°",
            "пальцы левой руки согнуты на {n}°",
            "пальцы правой руки согнуты на {n}°",
        ),
        "thumb.flexion+": (
            "оба больших пальца согнуты на {n}°",
            "левый большой палец согнут на {n}°",
            "правый большой палец согнут на {n}°",
        ),
        "breath.belly+": ("живот наполнен воздухом",),
        "breath.ribs+": ("нижние рёбра раскрыты вдохом",),
    },
    body={
        "neck": "шея",
        "shoulder": "плечевой сустав",
        "upper-arm-front": "передняя сторона плеча",
        "upper-arm-back": "задняя сторона плеча",
        "forearm": "предплечье",
        "hand": "кисть",
        "chest": "грудь",
        "upper-back": "верх спины",
        "lower-back": "поясница",
        "belly": "живот",
        "buttock": "ягодица",
        "thigh-front": "передняя сторона бедра",
        "thigh-back": "задняя сторона бедра",
        "thigh-inner": "внутренняя сторона бедра",
        "hip-side": "боковая сторона таза",
        "calf": "икра",
        "shin": "голень спереди",
        "foot": "стопа",
    },
    works="Отмечено, что работает: {parts}.",
    stretches="Отмечено, что растягивается: {parts}.",
    sides={"r": "Показано для правой стороны.", "l": "Показано для левой стороны."},
)

TONGUES: Mapping[str, Tongue] = {"en": EN, "de": DE, "ru": RU}
_MIDDLE = (
    "trunk.flexion",
    "back.flexion",
    "back.bend",
    "back.turn",
    "head.flexion",
    "head.bend",
    "head.turn",
)


def _angles(now: Moment, standing: bool) -> dict[str, float]:
    """Return the angles as one would tell them: spine and neck summed up, sides kept apart."""
    told = {name: value for name, value in now.angles.items() if value and "spine" not in name}
    for movement in ("flexion", "bend", "turn"):
        told[f"back.{movement}"] = sum(
            now.angles.get(f"spine_{part}.{movement}", 0.0) for part in ("low", "mid", "high")
        )
        told[f"head.{movement}"] = sum(
            now.angles.get(f"{part}.{movement}", 0.0) for part in ("neck", "head")
        )
        told.pop(f"neck.{movement}", None)
    if standing:
        up = turned(now.body.turns["pelvis"], (0.0, 1.0, 0.0))
        front = turned(now.body.turns["pelvis"], (0.0, 0.0, 1.0))
        lean = max(-1.0, min(1.0, -front[1]))
        told["trunk.flexion"] = lean * 57.3 if up[1] > 0 else 0.0
    return told


def position_of(exercise: Exercise, now: Moment) -> str:
    """Return the position the figure is in at a moment, as exercises name it."""
    parts = {contact.part for contact in now.contacts}
    up = turned(now.body.turns["pelvis"], (0.0, 1.0, 0.0))[1]
    front = turned(now.body.turns["pelvis"], (0.0, 0.0, 1.0))[1]
    if "seat" in parts:
        return "sitting"
    kneels = any(part.startswith(("knee", "shin")) for part in parts)
    if exercise.position == "four-point" and kneels:
        return "four-point"
    if up > 0.55:
        return "kneeling" if kneels else "standing"
    if exercise.position in ("four-point", "standing"):
        return exercise.position
    if "side" in parts:
        return "lying-side"
    if front > 0.6:
        return "lying-back"
    if front < -0.6 and exercise.position != "kneeling":
        return "lying-front"
    return exercise.position


def _touches(now: Moment, tongue: Tongue) -> list[str]:
    """Return what touches what, both sides together where they touch the same."""
    rows: dict[tuple[str, str], list[str]] = {}
    for contact in now.contacts:
        stem = contact.part[:-2] if contact.part[-2:] in ("_l", "_r") else contact.part
        if stem not in tongue.parts:
            continue
        on = contact.on[:-2] if contact.on[-2:] in ("_l", "_r") else contact.on
        if on == "chair" and stem in ("hand", "fingers"):
            on = "chair-back"
        rows.setdefault((stem, on), []).append(contact.part[-1])
    found = []
    for (stem, on), sides in rows.items():
        both, left, right = tongue.parts[stem]
        part = both if len(sides) == 2 or not left else left if sides == ["l"] else right
        found.append(f"{part} {tongue.surfaces[on]}")
    return found


def _moves(now: dict[str, float], before: dict[str, float] | None, tongue: Tongue) -> list[str]:
    """Return the angles worth a word, those that changed most first."""
    rows: list[tuple[float, str]] = []

    def weigh(name: str, value: float) -> float:
        if before is None:
            return abs(value)
        return abs(value - before.get(name, 0.0)) * 10

    def tell(key: str, which: int, names: list[str], value: float) -> None:
        row = tongue.movements.get(key)
        weight = max(weigh(name, value) for name in names)
        if before is not None and weight < CHANGED * 10:
            return
        if abs(value) < LEAST:
            # A joint that was bent and is straight now is worth a word too.
            row = tongue.movements.get(f"{key.split('.')[0]}.straight")
            if before is None or not key.endswith("flexion+") or weight < UNBENT * 10:
                return
        if row is None:
            return
        rows.append((weight, row[which].format(n=round(abs(value) / 5) * 5)))

    for name in _MIDDLE:
        value = now.get(name, 0.0)
        tell(name, 0 if value >= 0 else 1, [name], value)
    for key in ("breath.belly", "breath.ribs"):
        tell(f"{key}+", 0, [key], now.get(key, 0.0))
    stems = {
        f"{name.split('.')[0][:-2]}.{name.split('.')[1]}"
        for name in now
        if name.split(".")[0][-2:] in ("_l", "_r")
    }
    for stem in sorted(stems):
        joint, movement = stem.split(".")
        names = [f"{joint}_{side}.{movement}" for side in SIDES]
        left, right = (now.get(name, 0.0) for name in names)
        if abs(left - right) <= 7:
            value = (left + right) / 2
            tell(f"{stem}{'+' if value >= 0 else '-'}", 0, names, value)
            continue
        for which, name, value in ((1, names[0], left), (2, names[1], right)):
            tell(f"{stem}{'+' if value >= 0 else '-'}", which, [name], value)
    rows.sort(key=lambda row: (-row[0], row[1]))
    return [text for _, text in rows[:MOST]]


def alt_text(exercise: Exercise, moment: str, locale: str, side: str = "right") -> str:
    """Return in words what the frame `moment` (`start`, `middle`, `end`) shows, a few sentences.

    `locale` is en, de or ru; `side` is the side a sided exercise is shown for. Angles are rounded
    to 5 degrees.
    """
    if exercise.sided and (side == "left") != exercise.flipped:
        exercise = mirrored(exercise)
    tongue = TONGUES[locale]
    moments = shown(exercise)
    now = moments[moment]
    position = position_of(exercise, now)
    upright = position in ("standing", "sitting", "kneeling")
    before = None if moment == "start" else _angles(moments["start"], upright)
    first = exercise.words[locale].title if locale in exercise.words else exercise.slug
    sentences = [f"{first}, {tongue.moments[moment]}."]
    touches = _touches(now, tongue)
    sentences.append(", ".join([tongue.positions[position], *touches]) + ".")
    moves = _moves(_angles(now, upright), before, tongue)
    rise = now.place[1] - moments["start"].place[1]
    if abs(rise) >= LIFTED:
        height = tongue.movements["pelvis.height"][0 if rise > 0 else 1]
        moves = [height.format(n=round(abs(rise) * 20) * 5), *moves][:MOST]
    if moves:
        text = ", ".join(moves)
        sentences.append(f"{text[0].upper()}{text[1:]}.")
    for parts, sentence in (
        (exercise.works, tongue.works),
        (exercise.stretches, tongue.stretches),
    ):
        if parts:
            sentences.append(sentence.format(parts=", ".join(tongue.body[part] for part in parts)))
    if exercise.sided:
        sentences.append(tongue.sides["l" if exercise.flipped else "r"])
    return " ".join(sentences)
