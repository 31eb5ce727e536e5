"""Act one of Night Ferry, shot by shot: four people notice the same name."""

from config.demo.records import SequenceText

ACT_ONE = (
    SequenceText(
        number=10,
        name="Last Boarding",
        summary="On the last night of an old ferry, Mara is sent the key to a cabin booked by her"
        " brother, who vanished from this ship eleven years ago.",
        script="""
@ quay / sodium / night
WS | Rain combs the empty quay while the Saint Orla waits, lit from stem to stern, ramp down.
FS M | Mara steps off the last bus in a red coat, the only colour for a hundred metres.
CU M | She looks up as the departure board clacks over, letter by letter, to FINAL CROSSING.
MS I | Ivo leans from the cab of his lorry and drops a cigarette into a puddle without looking.
INS M key | From an envelope with no sender, a brass cabin key slides into a gloved palm.
CU M key | She tilts the tag to the lamp: 614, and under it, in pencil, her brother's initials.
FS ML case | A girl dragging an accordion case cuts across Mara's path and does not apologise.
MS M | Mara turns to call after her, but the rain has already closed over the footsteps.
MS E manifest | Under the ticket hatch Edda counts passengers with a pencil that has no point left.
OTS ME manifest | Mara gives her surname, and the pencil stops moving.
CU ME | Edda's smile arrives a second late, like a lamp on a bad circuit.
CU M | Mara watches that smile and files it away.
MS MP | Mrs Pell, under a transparent umbrella, offers Mara half of it as if they had met before.
2S MP | They wait side by side for the barrier while the umbrella drums above them.
@ ferry / sodium / night
WS M | The red coat climbs the passenger gangway, tiny against forty metres of rusting white hull.
INS M | Her hand leaves the rail and comes away flaked with paint, three colours deep.
CU R | High on the bridge wing Captain Reik lowers his binoculars and forgets to breathe out.
MS M | Mara stops at the top step, certain that someone above has just stepped back.
WS | The bow ramp grinds shut, and the last wedge of harbour light narrows to a thread.
FS M | The quay slides away behind her; she is the only passenger who does not wave.
""",
    ),
    SequenceText(
        number=20,
        name="The Green Van",
        summary="On the car deck stands a van nobody has claimed. Mara knows it: she learned to"
        " drive in it.",
        script="""
@ car-deck / sodium / night
WS M | Chains tick against wet steel as Mara walks between two rows of sleeping lorries.
MS M | She counts the vehicles under her breath, the way her brother taught her to count waves.
FS M van | Behind the last trailer a green van stands alone, parked across the painted line.
CU M | Recognition goes through her like cold water.
INS van | A dent in the wheel arch has been painted over, badly, with a child's brush.
INS M van | Her fingers find the dent without needing to look for it.
MS MI van | Ivo comes round the tailgate with a lashing chain over his shoulder and stops short.
OTS MI | He says the van was paid for in cash, one way, no name.
CU M | She asks who handed him the cash.
CU MI | Ivo studies the drain at his feet as though the answer had just gone down it.
2S MI van | A swell leans the ship, and they both put a hand on the van to steady themselves.
CU M van | Breath fogs the side window; through it she makes out a folded shape on the seat.
INS van | The door handle lifts a centimetre and holds: locked.
MS T | On the catwalk overhead Tomas pauses with an oil can and listens to a name he remembers.
OTS MT | Mara looks up through the grating at the soles of two motionless boots.
FS M | The boots move off; she follows their ringing the whole length of the deck.
MS MI | Ivo calls that the car deck closes in five minutes, and there is worry in it, not threat.
WS M van | The lights go out row by row until only the green van is left standing in amber.
""",
    ),
    SequenceText(
        number=30,
        name="The Manifest",
        summary="Edda swears that cabin 614 is empty. Her own passenger list says otherwise.",
        script="""
@ saloon / tungsten / night
WS M | The saloon opens in front of her: brown velvet, brass ashtrays, thirty seats for nobody.
MS S | Sunny polishes a glass that is already clean and watches the door in the mirror.
FS MP | Mrs Pell has taken the corner table and is dealing two hands of cards, one of them to Mara.
MS M | Mara declines with a look and keeps walking to the purser's desk.
OTS ME manifest | Edda squares the manifest against the desk's edge until it is exactly straight.
CU M | Mara says the number of the cabin quietly, as one says the name of a dog that bites.
CU ME | The reply is immediate: six-fourteen has been out of service since the flood.
INS M key | The key goes down on the counter with a click that turns two heads.
MS ME key | Edda reaches for it; Mara's hand is there first.
CU ME | A pulse beats at the purser's collar, just above the enamel pin.
2S ME | Neither woman moves while the ship takes a long, slow roll and returns.
MS MS | Sunny sets a cup of tea on the desk between them and, with it, an excuse to look away.
INS M manifest | Under the saucer, one typed line of the manifest shows: VENN, J., CABIN 614.
CU M | Her lips shape the initial and stop there.
OTS ME manifest | She turns the page round so that Edda has to read it upside up.
CU ME manifest | Edda swears in a whisper that she did not type that line.
MS M | For the first time tonight Mara believes somebody.
MS ML case | Across the room the girl with the accordion case eats sugar cubes and listens.
OTS ML | Their eyes meet in the bar mirror, and the girl counts out coins and goes.
FS M | Mara crosses the carpet after her, one table behind, then two.
INS M | On the girl's saucer a sugar cube is left standing on a drawing of a small boat.
WS MS | Sunny watches the swing door settle behind the red coat and turns down one lamp.
""",
    ),
    SequenceText(
        number=40,
        name="Cabin 614",
        summary="The cabin has been made ready for a man who would be thirty-five tonight.",
        script="""
@ saloon / tungsten / night
FS M | The corridor runs ahead of her, floor tilting, every door on a hook and breathing.
CU M | She reads the numbers as she passes: 608, 610, a blank, 612.
INS M key | The key hesitates in the lock, then turns as if it had been oiled this morning.
@ cabin / tungsten / night
WS M | A reading lamp is on; the bunk is turned down; a glass of water trembles on the shelf.
MS M | Mara stands on the sill with one foot in the corridor, unwilling to let the door close.
INS M photo | Wedged in the mirror frame, a photograph: two children on a slipway, one squinting.
CU M photo | She holds it beside her own reflection and squints the same way.
INS M photo | On the back, in a hand she does not know: He kept this dry.
MS M | She opens the wardrobe on a row of empty hangers that chime with the engine.
CU M | The salt smell reaches her, and for a moment she is twenty-three.
INS M | A line of wet footprints, small and barefoot, crosses the lino and stops at the porthole.
FS M | She kneels and lays her own hand over the smallest print.
MS ME | Edda has followed; she stays in the doorway as though the carpet were deep water.
OTS ME | She tells Mara that the bunk was stripped ten years ago, and that she did it herself.
CU M | Mara asks what else she stripped.
CU ME | Edda touches the pin on her collar, and her answer dies there.
2S ME | The lamp dips to brown; in the half-second of dark both of them hear a whistle.
MS M | Mara throws the porthole wide and puts her whole face into the wind.
WS | Outside there is only black water, sliding by with the patience of a conveyor.
CU M | She comes back in, soaked, with a look that has stopped asking permission.
""",
    ),
)
