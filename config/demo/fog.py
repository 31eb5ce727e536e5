"""Act two of Night Ferry, second half: the night in the fog and the child who lived."""

from config.demo.records import SequenceText

FOG = (
    SequenceText(
        number=90,
        name="Fog, Eleven Years Ago",
        summary="The third of November, 02:52. Jonas hears a child in the water and does what"
        " nobody else aboard will do.",
        script="""
@ boat-deck / fog / night, eleven years earlier
WS J | The same deck, freshly painted; a young man in yellow oilskins is coiling rope in the fog.
CU J whistle | Jonas blows two notes on his whistle to amuse himself, and the fog gives back three.
MS J | He stops with his head on one side; the third note was not an echo.
INS | A soft knock runs through the planking and sets a row of buckets swinging.
WS J | A broken mast slides by, an arm's length from the rail, still carrying its lantern.
CU J | He shouts up to the wing that there are people down there.
@ bridge / fog / night, eleven years earlier
MS R log | A darker-haired Reik stands with a pencil over the log and does not write.
CU R | He says that it was timber, and then he says it again to the helmsman.
@ boat-deck / fog / night, eleven years earlier
FS J lifeboat | Alone, Jonas knocks the pins from Lifeboat Seven and rides it down the ship's side.
INS J | In the lantern light a small hand comes up and closes round an oar.
MS J lifeboat | He wraps the child in yellow, hangs the whistle on her, and says: blow, keep on.
CU J | He looks back across the water toward a man's voice and begins to unlace his boots.
@ cabin / tungsten / night
MS M page | In the cabin, Mara reads the torn page to its end with her lips moving.
CU M page | She folds it along its old creases, once, twice, and cannot do the third.
""",
    ),
    SequenceText(
        number=100,
        name="The Accordion Case",
        summary="There is no accordion in the case. Lise tells Mara who she is, who sent the key,"
        " and what she means to do before morning.",
        script="""
@ cabin / tungsten / before dawn
MS ML | The cabin door opens, and there is the girl, barefoot, dragging her case by its strap.
CU ML | You may as well know, she says; it was booked for the two of you.
FS ML case | She heaves the case on to the bunk, and it lands with no music in it at all.
INS ML case | The catches spring up on tide tables, a compass, and sixty metres of new rope.
CU M | Mara looks from the rope to the thin wrists and back.
OTS ML case | Every Thursday, says Lise, we measured the drift, Mrs Pell and I, with oranges.
INS ML case | A chart unrolls, pricked with eleven years of tiny crosses, all bending one way.
MS ML | They kneel over it, shoulder to shoulder, like children with a board game.
CU ML | Her finger comes down on an empty piece of sea and stays there.
CU M | She asks, with great care, how old Lise was.
OTS ML whistle | Eight, says the girl, and puts the whistle in her mouth so as not to say more.
MS M | Mara takes the desk chair as if her strings had been cut.
INS ML photo | Lise sets the photograph upright between them, with some ceremony.
CU ML | He talked about you the whole time, so that I would not go to sleep.
CU M | What did he say, she asks, and it is a child who is asking.
OTS ML | That you bite; that you never once let him win; that you would come.
2S ML | They laugh at the same moment and are equally appalled.
@ saloon / tungsten / before dawn
MS EP | In the dim saloon Edda sits down at Mrs Pell's table for the first time in her life.
CU P | The old lady turns up a card and says that the weather is making its mind up.
MS EP manifest | Edda confesses the letter and the crossed-out name; the typing nobody claims.
CU P | Mrs Pell flexes two inky fingers: she always did have a key to that office.
@ cabin / tungsten / before dawn
FS M | The ship falls off a wave; Mara is thrown across the cabin, and the lamp goes out.
INS case | By the emergency light the case lies open on the bunk, and the rope is gone.
MS M case | The door swings, and swings again, on an empty corridor running with water.
""",
    ),
)
