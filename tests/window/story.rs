//! The first minute: a near miss, one press that makes the model wrong, the verdict, and the way to the whole set.

use super::*;
use nearmiss::attack::Goal;
use nearmiss::desktop::attack::{Attack, Compare, LabPage};
use nearmiss::desktop::feature::Feature;
use nearmiss::retrieval::{Said, differing};

/// A window as it is at the very first start.
fn first_start(size: [f32; 2]) -> (tempfile::TempDir, Window) {
    let data = tempfile::tempdir().expect("a folder");
    let start = Start {
        open: None,
        data_folder: Some(data.path().to_path_buf()),
    };
    let window = boot(start, size);
    (data, window)
}

#[test]
fn the_first_start_opens_on_a_near_miss_with_a_sentence_and_a_button() {
    let (_data, window) = first_start([1280.0, 720.0]);
    assert_eq!(errors(&window), Vec::<String>::new());
    let session = session(&window);
    let case = *session.case().expect("the demo has a near miss");
    assert_eq!(session.query(), Some(&Query::Row(Side::Image, case.image)));
    assert!(
        !session
            .open
            .can_undo(nearmiss::desktop::core::Deeds::Queries),
        "the case is the first query"
    );
    // What the sentence says is so.
    let dataset = session.dataset().expect("open");
    let answer = session.answer().expect("answered");
    assert_eq!(answer.rank, Some(1));
    assert!((answer.margin.expect("a margin") - case.margin).abs() < 1e-6);
    assert!(dataset.captions_of(case.image).contains(&case.right));
    let hardest = answer
        .hits
        .iter()
        .find(|h| !answer.positives.contains(&(h.index as usize)));
    assert_eq!(hardest.expect("a wrong one").index as usize, case.wrong);
    assert!(case.likeness >= 0.5, "most words are shared: {case:?}");
    assert!(says(
        &window,
        "Of 900 captions the model puts a right one first"
    ));
    assert!(says(&window, "a near miss, also called a hard negative"));
    let (right, wrong) = (&dataset.captions[case.right], &dataset.captions[case.wrong]);
    let [_, theirs] = differing(right, wrong);
    if (1..=4).contains(&theirs.len()) {
        assert!(says(&window, &wrong[theirs[0].clone()]), "{wrong}");
    }
    let own = &dataset.captions[dataset.captions_of(case.image)];
    assert!(
        !Said::by(own).lacks(wrong).is_empty(),
        "it says something else"
    );
}

#[test]
fn one_press_makes_the_model_wrong_and_leads_to_the_whole_set() {
    let (_data, mut window) = first_start([1440.0, 900.0]);
    click(&mut window, "Make the model wrong");
    assert_eq!(errors(&window), Vec::<String>::new());
    assert_eq!(session(&window).tab, Attack::TAB);
    let lab = lab_of(&window);
    assert_eq!((lab.goal, lab.looks.compare), (Goal::Lose, Compare::Blink));
    let done = lab.last(now(&window)).cloned().expect("attacked");
    let (before, after) = (done.result.before.rank, done.result.after.rank);
    assert_eq!(before, 1);
    assert!(after > 1, "the model is wrong");
    assert!(done.result.size.linf <= 4.0 / 255.0 + 1e-6);
    // The verdict says what came of it, and of the saved picture what a saved picture does.
    let head = format!("Right caption 1 → {after} with a change of 4/255.");
    assert!(says(&window, &head), "{head}");
    assert!(says(
        &window,
        "No value moved by more than 4 of the 255 steps"
    ));
    let fails = done.result.rounded.verdict.fooled;
    assert_eq!(says(&window, "Saved as PNG it still fails"), fails);
    assert_eq!(says(&window, "Saved as PNG it does not hold"), !fails);
    click(&mut window, "And the whole set");
    assert_eq!(lab_of(&window).page, LabPage::Set);
    assert!(says(&window, "Attack the set"));
}

#[test]
fn the_sentence_can_be_closed_and_shown_again() {
    let (_data, mut window) = first_start([1440.0, 900.0]);
    click(&mut window, "Close");
    assert!(!says(&window, "a near miss, also called"));
    let case = *session(&window).case().expect("a case");
    perform(
        &mut window,
        nearmiss::desktop::core::Command::Query(Query::Row(Side::Image, 0)),
    );
    settle(&mut window);
    window.get_by_label("?").click();
    settle(&mut window);
    click(&mut window, "A near miss of this set");
    assert_eq!(
        session(&window).query(),
        Some(&Query::Row(Side::Image, case.image))
    );
    assert!(says(&window, "a near miss, also called"));
}

#[test]
fn a_lost_pair_is_repaired_and_a_near_one_broken() {
    let mut window = demo();
    click(&mut window, "Negatives");
    let set = negatives_of(&window)
        .set
        .get(now(&window))
        .cloned()
        .expect("mined");
    let lost = set
        .pairs
        .iter()
        .position(|p| p.margin() < 0.0)
        .expect("the demo loses some");
    let select = nearmiss::desktop::negatives::Command::Select(lost);
    perform_of::<nearmiss::desktop::negatives::Negatives>(&mut window, select);
    settle(&mut window);
    assert!(!says(&window, "Break it"));
    click(&mut window, "Repair it");
    let done = lab_of(&window)
        .last(now(&window))
        .cloned()
        .expect("a repair");
    let pair = &set.pairs[lost];
    assert_eq!(done.result.image, pair.query as usize);
    assert_eq!(
        (done.result.goal, done.result.target),
        (Goal::Win, pair.positive as usize)
    );
    assert!(done.result.before.rank > 1 && done.result.after.rank == 1);
    assert!(says(&window, "Repaired: right caption"));
    // What is nearly lost is broken.
    click(&mut window, "Negatives");
    let mut plan = negatives_of(&window).plan;
    plan.options.margin_below = Some(0.2);
    let command = nearmiss::desktop::negatives::Command::SetPlan(plan);
    perform_of::<nearmiss::desktop::negatives::Negatives>(&mut window, command);
    settle(&mut window);
    let set = negatives_of(&window)
        .set
        .get(now(&window))
        .cloned()
        .expect("mined");
    let near = set
        .pairs
        .iter()
        .position(|p| p.margin() > 0.0)
        .expect("some are right");
    let select = nearmiss::desktop::negatives::Command::Select(near);
    perform_of::<nearmiss::desktop::negatives::Negatives>(&mut window, select);
    settle(&mut window);
    assert!(!says(&window, "Repair it"));
    click(&mut window, "Break it");
    let done = lab_of(&window)
        .last(now(&window))
        .cloned()
        .expect("an attack");
    assert_eq!(done.result.target, set.pairs[near].negative as usize);
}

#[test]
fn unknown_words_are_said_and_typed_texts_go_to_the_history() {
    let mut window = demo();
    let ask = |window: &mut Window, text: &str| {
        let query = Query::Text(text.to_owned());
        perform(window, nearmiss::desktop::core::Command::Query(query));
        settle(window);
    };
    ask(&mut window, "a red circle zebra xylophone");
    let unread = |window: &Window| session(window).answer().expect("answered").unread.clone();
    let found = unread(&window).expect("some words are not known");
    assert_eq!(found.words, ["zebra", "xylophone"]);
    assert!(says(
        &window,
        "The encoder does not know “zebra”, “xylophone”"
    ));
    ask(&mut window, "zebra!");
    assert!(unread(&window).expect("nothing is known").all);
    assert!(says(&window, "The encoder knows no word of this text"));
    ask(&mut window, "a red circle");
    assert_eq!(unread(&window), None);
    // An empty field has its hint, a full one its text.
    let is_hint = |p: &str| p.starts_with("Type a caption");
    let is_empty = |window: &Window| {
        let field = window.query_by(|node| node.placeholder().is_some_and(is_hint));
        field.is_some()
    };
    let holds = |window: &Window, text: &str| {
        let mut fields = window.query_all_by(|node| node.value().is_some_and(|v| v == text));
        fields.next().is_some()
    };
    assert!(holds(&window, "a red circle") && !is_empty(&window));
    // Another query takes the text away; the history has it.
    perform(
        &mut window,
        nearmiss::desktop::core::Command::Query(Query::Row(Side::Image, 3)),
    );
    settle(&mut window);
    assert!(is_empty(&window) && !holds(&window, "a red circle"));
    let asked = session(&window).open.asked();
    let texts = ["a red circle", "zebra!", "a red circle zebra xylophone"];
    assert_eq!(asked, texts.map(|t| Query::Text(t.to_owned())));
    click(&mut window, "History");
    click(&mut window, "zebra!");
    assert_eq!(
        session(&window).query(),
        Some(&Query::Text("zebra!".into()))
    );
}
