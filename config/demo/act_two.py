"""Act two of Night Ferry, first half: everyone aboard holds one piece of it."""

from config.demo.records import SequenceText

ACT_TWO = (
    SequenceText(
        number=50,
        name="Two Hands of Patience",
        summary="Mrs Pell has crossed every Thursday for eleven years. She plays cards with Mara"
        " for answers, and lets her win only one.",
        script="""
@ saloon / tungsten / night
FS MP | Mrs Pell has kept Mara's cards warm; the chair is already pulled out.
MS M | Mara sits down without unbuttoning the red coat.
INS MP | A knotted hand deals seven cards, each landing exactly on the edge of the last.
CU MP | She explains the stake: a trick for a question, and no crying at the table.
OTS MP | Mara plays a black ten as though it were an accusation.
CU M | Her first question is why a widow rides this boat every Thursday there and back.
MS MP | The sea is company, says the old lady, if you remember who is in it.
2S MP | A roll of the ship sends the pack sliding; four hands stop it at once.
INS M photo | Mara lays the photograph among the cards, face up, as if it trumped them.
CU MP photo | Mrs Pell puts on her glasses to see it and takes them off so as not to.
MS MS | Sunny arrives with two brandies nobody ordered, and lingers over the coasters.
OTS MS | He mentions that the young man in the picture always tipped in foreign coins.
CU M | Mara asks how many nights he worked with Jonas.
CU MS | He counts on the rim of the tray: all of them, miss, except the one.
MS MP | Mrs Pell gathers up that trick, though it was not hers to gather.
CU MP | Her question, when she wins it, is whether Mara can swim.
INS S | Behind the bar a shelf of miniature bottles leans, all together, to listen.
CU M | She says that she used to, and that she stopped.
OTS MP | The last card is turned, the queen of hearts, and neither woman claims it.
MS MP | Mrs Pell writes a word on the score pad and tears it off along a ruler.
INS M | On the slip of paper is a single word, in pilot's capitals: PETREL.
CU M | She reads it as a bird, then as a boat.
MS MP | When she looks up, the old lady is dealing for one again, eyes shining.
WS MS | Mara leaves the lamplit table; Sunny drinks her brandy for her.
""",
    ),
    SequenceText(
        number=60,
        name="Below the Waterline",
        summary="Tomas logs every turn of the engines. On the night Jonas vanished they never"
        " slowed, and he has not slept well since.",
        script="""
@ engine / sodium / night
WS M | Mara comes down a ladder into noise, a red figure among green pumps and wet brass.
MS T | Tomas stands between the turbines with a stethoscope pressed against a casing.
CU MT | He hears her before he sees her; it shows in one eyebrow.
MS MT | He hands her ear defenders and turns his palms up: no talking down here.
INS MT | They talk in chalk on a steel door: her question mark, his long hesitation.
CU M | She writes JONAS in letters as big as her arm will reach.
CU MT | The engineer wipes his face with a rag and leaves it dirtier.
OTS MT | He leads the way between hot pipes, touching each valve like a shepherd with his flock.
FS MT | In the control booth the door seals, and silence falls on them like a dropped sheet.
MS MT | He takes down a row of oily notebooks, one for each year, and selects without looking.
INS MT | Columns of figures: eighty-four turns, eighty-four, eighty-four, all night long.
CU M | She does not see it yet; he waits for her, kindly, as one waits on a stair.
OTS MT | A man goes overboard, he says, and nobody rings down to stop.
CU M | Now she sees it.
MS MT | Tomas sits down on an upturned bucket and becomes, all at once, an old man.
CU MT | He felt a knock that night, he tells her, soft, like a knuckle on a coffin lid.
INS M | Her fingertip finds the time he pencilled beside the column: 02:52.
2S MT | The telephone from the bridge lights up, and both of them watch it flash.
MS MT | He lets it flash; it is plainly the bravest thing he has done in years.
FS M | She climbs back toward the cold with the notebook buttoned inside her coat.
""",
    ),
    SequenceText(
        number=70,
        name="The Whistle",
        summary="Out on the boat deck someone blows Jonas's whistle. Mara chases the sound as far"
        " as an empty cradle marked 7.",
        script="""
@ boat-deck / fog / night
WS M | A storm door bangs open, and Mara is spat out on to a deck that shines like a seal.
MS M | She turns up the collar of the red coat and faces the wind with her mouth closed.
!CU M whistle | It comes again, thin and close: two notes, the second one flat.
FS M | She runs aft beneath the hanging boats, a hand out to each in turn, counting.
INS M | Painted numbers go by under her palm, four, five, six.
!WS M lifeboat | The seventh boat hangs newest and whitest, in a cradle eaten with older rust.
MS M lifeboat | Up on the bottom board she raises a corner of the canvas cover.
INS M lifeboat | Inside are blankets, a tin of biscuits, a school atlas: somebody's small house.
CU M | The look on her face is not fear any longer; it is reckoning.
MS ML whistle | Behind her the girl says, don't, I have only just got it tidy.
OTS ML | They stand two boat lengths apart with the fog pouring between them.
CU ML whistle | A brass whistle hangs at the girl's throat, worn smooth as a tooth.
!CU M whistle | Mara knows the notch in its rim; she put it there herself, with a file, at nine.
OTS ML | Where did you get that, she asks, and the wind removes every word but one.
MS ML | Lise backs against the rail and folds both hands over the whistle.
FS ML | A sea bursts over the side and, for a heartbeat, each is only an outline.
MS M | When it clears, Mara is holding on to a stanchion, and the girl's place is empty.
INS M | On the planks is a sugar cube, dissolving.
CU M | She shouts a name that has not been shouted on this deck for eleven years.
WS MR | On the wing above, a tall man steps back out of the light.
!MS M lifeboat | She turns slowly to read the brass plate on the cradle: REPLACED, and a date.
INS lifeboat | Four November, says the plate: the morning after.
CU M | She laughs without any sound and pushes the rain out of her eyes.
FS M | Then she starts up the ladder marked CREW, one step for every year.
""",
    ),
    SequenceText(
        number=80,
        name="The Bridge",
        summary="Captain Reik receives Mara with perfect courtesy and a log book from which one"
        " page is missing.",
        script="""
@ bridge / fog / night
WS MR | Green radar light circles the bridge, showing her, then him, then her a little nearer.
MS MR | Reik does not turn from the window; he has been rehearsing this with the glass.
CU M | She says that she would like to see the log for the third of November.
OTS MR | He asks which year, and they both hear how badly he has done it.
MS MR log | From a locked drawer he brings the log and lays it down like a plate before a guest.
INS M log | She turns the thick pages by their corners: the first, the second, the fourth.
CU M log | One nail traces the ragged stub where a leaf has been pulled from the stitching.
CU MR | Damp, says the captain; the sea gets into everything.
MS M | She sets the engineer's notebook beside it, open at 02:52.
INS MR log | Two columns in two hands agree all night long, except for the hour that is gone.
CU MR | He looks older by the width of one breath.
OTS MR | Your brother, he says, deserted at Kessin; I wrote to your mother myself.
CU M | My mother read me that letter, Mara answers; you spelled his name wrong.
MS MR lamp | His hand rests on the signal lamp and leaves a print that shrinks and vanishes.
2S MR | The clear-view screen spins between their reflections, wiping neither of them away.
CU MR | She says one word to see what it will do to him: Petrel.
INS R | A coffee cup slides the length of the chart table, and he does not catch it.
MS MR | He orders her below, gently, as if she were a child up past her bedtime.
MS M | She stays until the count of ten, which she counts aloud.
FS ME page | In the chartroom passage Edda is waiting, with an envelope pressed to her chest.
OTS ME page | Take it, she says, before I turn sensible again.
CU M page | A corner of ruled paper shows at the flap, torn along one side.
""",
    ),
)
