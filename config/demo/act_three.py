"""Act three of Night Ferry, shot by shot: the ship is made to stop."""

from config.demo.records import SequenceText

ACT_THREE = (
    SequenceText(
        number=110,
        name="What the Van Carried",
        summary="Ivo unlocks the green van. Inside lies the oilskin that Jonas took off to wrap a"
        " child, and Mara puts it on.",
        script="""
@ car-deck / sodium / before dawn
WS MI | Water slops ankle-deep from side to side as Mara and Ivo wade between straining lorries.
MS MI | Ivo takes a key on a bootlace from round his own neck and weighs it.
CU MI | He says the old lady made him promise: only if she asks, and only if she is angry.
CU M | She lets him look and judge for himself.
INS van | The lock gives, and eleven years of stale summer air sigh out of the green van.
FS M van | Mara slides into the driver's seat, and her feet still do not reach the pedals.
INS M van | In the ashtray lie the liquorice wrappers she stuffed there at seventeen.
MS M van | She lifts the folded shape from the passenger seat as one lifts a sleeping animal.
CU M | Yellow oilcloth, cracked with salt; her thumb finds the name inked in the collar.
INS M | A child's plait of hair, tied with twine, is sewn inside the breast pocket.
2S MI van | Ivo takes off his cap and holds it in both hands, streaming.
MS MT | Tomas splashes up with a hand lamp: the girl is not in any cabin, and a boat alarm is lit.
CU MT | He says which boat, although no one has asked.
@ car-deck / sodium / before dawn / M+oilskin
FS M | She drags her brother's oilskin on over the red coat, and it comes down to her shins.
CU M | Buttoned to the chin, for one instant she is the older child in the photograph.
OTS MI | Ivo shouts that the stern door is weeping and that the lashings will not last.
MS IT | The two men throw their backs against a shifting trailer and dig in their heels.
INS | A chain link opens slowly, like a mouth about to speak.
FS M van | The green van breaks loose and rolls at her, handbrake trailing on its cable.
MS M van | She steps aside at the last moment and slaps its flank as it goes by.
WS MI van | The van buries its nose in a stack of mattresses, and both headlamps come on unasked.
FS M | She climbs the companionway two rungs at a time, lit from behind by those headlamps.
""",
    ),
    SequenceText(
        number=120,
        name="Lifeboat Seven",
        summary="In the height of the storm Lise swings Lifeboat Seven out to go back for Jonas."
        " Mara goes out along the davit to bring her in.",
        script="""
@ boat-deck / fog / before dawn / M+oilskin
WS ML lifeboat | Lifeboat Seven swings free over the sea, and a small figure stands upright in it.
MS M | The wind takes Mara's first shout and throws it back over the funnel.
CU L | Lise is not crying; she is counting the seconds between the wave tops.
FS M lifeboat | Mara hauls herself hand over hand along the lifeline toward the forward davit.
INS M lifeboat | The brake handle spins past, too fast to catch, shedding flakes of rust.
CU M | She wraps the chain once round her forearm and sits down on it.
!MS M lifeboat | The boat stops with a jerk that lifts her clean off the deck and drops her.
OTS ML lifeboat | Across three metres of nothing, the girl says: he promised he would be right back.
!CU M | Mara answers that she knows; he promised her as well.
MS ML lifeboat | Lise crouches, both hands on the gunwale, suddenly eight years old.
INS L whistle | The brass whistle swings on its lanyard and rings against the thwart.
MS MR | Reik comes round the deckhouse bareheaded, a boathook held across him like a rail.
OTS MR | He bellows that the falls are rotten, and that he ought to know.
CU MR | His eyes go to the oilskin, and the years fall off him, one after another.
!FS MR lifeboat | Mara orders the captain onto the chain, and he takes it without a word.
MS MR | He braces a boot on the cleat; blood runs from his knuckles with the rain.
WS M lifeboat | She walks out along the davit arm, upright, yellow on black, above the breaking sea.
CU M | A gust flattens her; with her cheek against the cold steel she laughs, once, in terror.
INS M lifeboat | A strand of the after fall unlays itself and stands up, humming.
MS ML lifeboat | She holds out the hem of the oilskin, the part a child would catch hold of.
CU ML | The girl knows that cloth with her fingers before her eyes do.
!2S ML lifeboat | They lock wrists in the second that the strand parts.
WS ML lifeboat | The stern of the boat drops away, and both of them hang from one yellow sleeve.
MS EP | Edda and Mrs Pell get four old hands on the lifeline and lean back together.
FS MLR | All at once they are a heap on the planks, captain, girl and sister, coughing.
INS lifeboat | Lifeboat Seven strikes the water upright and drifts off, as it did the last time.
CU M | Mara presses her mouth to the wet hair and holds on long after it is needed.
MS MR | Reik tries to stand to attention, and cannot.
""",
    ),
    SequenceText(
        number=130,
        name="Stop Engines",
        summary="Mara lays the torn page on the chart table. The captain stops his ship where he"
        " should have stopped it eleven years before.",
        script="""
@ bridge / fog / before dawn / M+oilskin
WS MR | The bridge is dark and dry and absurdly calm; the wheel makes small corrections alone.
MS M page | Mara smooths the torn page on the chart table and pins it with two brass dividers.
INS M page | 02:52, struck small craft, did not slow: his own hand, as round as a schoolboy's.
!CU M | She does not raise her voice; she asks him to read it out.
CU MR | His jaw works before any sound comes.
OTS MR page | He reads it to the end, including the part that he crossed out.
MS ME | At the door Edda unpins the company badge and lets it fall into the umbrella stand.
CU MR | He says there were two hundred aboard and fog, and a timetable; then he stops saying it.
!MS MR | Mara looks at the engine telegraph, and so does he.
INS MR | A scarred hand rings the brass lever back through SLOW to STOP.
@ engine / sodium / before dawn
MS T | The bell jangles; Tomas stares at a pointer that he has waited eleven years to see.
INS T | He shuts the steam with both hands, gently, like closing the eyes of the dead.
CU T | In the new silence he hears his own breathing and pulls off his cap.
@ bridge / fog / before dawn / M+oilskin
WS M | For the first time tonight nothing hums; the ship is only a room on the water.
MS MR log | Reik draws the log toward him and signs under a new line, with the time.
CU M | Something in her shoulders that has been braced since the quay comes down.
@ boat-deck / first-light / before dawn / M+oilskin
WS MLPE | Everyone aboard has come out along the rail, and the fog is thinning from above.
MS MS lamp | Sunny wrestles the signal lamp on its bracket round to face the empty sea.
!INS M lamp | The shutter clacks under her hand: long, short, the old call sign of the Petrel.
WS lamp | A white beam walks out across the swell and finds nothing, and keeps walking.
MS ML whistle | Lise puts the whistle to her lips and has no breath for it.
!2S ML whistle | Mara blows it for her, one long note that does not ask for anything back.
CU P | Mrs Pell mouths three names, her husband's the last of them.
MS MI | Ivo lowers a crate of oranges over the side, because there are no flowers on board.
INS | The oranges spread on the slate water and begin, slowly, to draw a line.
WS M | Along that line, far off, the lightless shape of the skerry lifts out of the haze.
""",
    ),
    SequenceText(
        number=140,
        name="First Light",
        summary="The Saint Orla comes in nine hours late, and everyone walks off her lighter.",
        script="""
@ ferry / first-light / dawn / L+oilskin
WS | The Saint Orla comes in under tow through milk-coloured water, her lamps still burning.
MS ML | Lise sleeps sitting up in the oilskin, her head on a red sleeve.
CU M | Mara has not slept; she watches the land arrive as if she had ordered it.
MS MS | Sunny pours out the last of the tea and will not hear of money.
2S MT | Tomas gives her a gauge glass wrapped in a rag, for want of a better medal.
@ quay / first-light / dawn / L+oilskin
WS R | Captain Reik walks down the gangway first, between two officers, with his cap under his arm.
CU MR | As he passes he gives her the smallest possible nod, and she lets him keep it.
MS ME manifest | Edda hands over the manifest, one name restored on it in fresh ink.
FS MI van | Ivo rolls the green van off the ramp, one headlamp gone, and leaves the motor running.
OTS MP | Mrs Pell says that she always did prefer the day boat.
CU MP | The old woman's glove stays on Mara's cheek a moment longer than manners need.
INS ML whistle | The whistle passes from one palm to the other and is closed inside it.
MS ML van | Mara moves the seat of the van forward until, at last, her feet reach the pedals.
INS M photo | The photograph goes up on the dashboard, where the sun can get at it.
2S ML van | The girl asks where they are going, and the red coat shrugs, smiling.
WS M van | The van climbs the harbour road into the morning, a green speck, then only a sound.
""",
    ),
)
