//! The attack lab: take a pair, attack, compare, paint, cancel, export, undo; its other pages in files of their own.

mod looks;

use super::*;
use crate::attack::method;
use nearmiss::attack::Goal;
use nearmiss::desktop::attack::Attack;
use nearmiss::desktop::attack::Command as AttackCommand;
use nearmiss::desktop::attack::Compare;
use nearmiss::desktop::attack::Heat;
use nearmiss::desktop::attack::LabPage;
use nearmiss::desktop::attack::Reach;
use nearmiss::desktop::attack::SetPlan;
use nearmiss::desktop::attack::Vocabulary;
use nearmiss::desktop::attack::Which;
use nearmiss::desktop::feature::Feature;

pub mod blocked;
mod sets;
mod words;

/// The demo with the lab open.
fn lab() -> Window {
    let mut window = demo();
    click(&mut window, "Attack this pair");
    assert_eq!(session(&window).tab, Attack::TAB);
    assert_eq!(errors(&window), Vec::<String>::new());
    window
}

fn ask(window: &mut Window, command: AttackCommand) {
    perform_of::<Attack>(window, command);
    settle(window);
}

/// Presses the inspector's own button, not that of the rail.
pub(super) fn press_attack(window: &mut Window) {
    let attack = window.get_all_by_label("Attack").max_by(|a, b| {
        let x = |n: &egui_kittest::Node<'_>| n.rect().left();
        x(a).total_cmp(&x(b))
    });
    attack.expect("there").click();
}

pub(super) fn choose(window: &mut Window, field: &str, entry: &str) {
    let name = window.get_by(|n| {
        n.label().as_deref() == Some(field) && n.role() == egui::accesskit::Role::ComboBox
    });
    name.click();
    settle(window);
    window
        .get_all_by_label(entry)
        .last()
        .expect("in the list")
        .click();
    settle(window);
}

/// A number typed into the field of that name.
fn enter(window: &mut Window, field: &str, text: &str) {
    window
        .get_by(|n| {
            n.label().as_deref() == Some(field) && n.role() == egui::accesskit::Role::SpinButton
        })
        .click();
    window.step();
    window.step();
    #[allow(clippy::redundant_closure_for_method_calls)] // the method's trait is not exported whole
    let edit = window.get_by(|n| n.is_focused());
    edit.type_text(text);
    window.step();
    window.key_press(egui::Key::Enter);
    settle(window);
}

/// A radius at which the demo's encoder is fooled.
const EPS: f32 = 16.0 / 255.0;

/// The last attack on the picture shown.
fn last_result(window: &Window) -> std::sync::Arc<nearmiss::attack::AttackResult> {
    let attempt = lab_of(window).last(now(window));
    std::sync::Arc::clone(&attempt.expect("attacked").result)
}

#[test]
fn a_pair_is_attacked_and_undone() {
    let mut window = lab();
    let target = {
        let lab = lab_of(&window);
        let clean = lab.clean.get(now(&window)).expect("read");
        assert_eq!(
            (lab.goal, lab.reach(now(&window)).clone()),
            (Goal::Win, Reach::Open)
        );
        let (right, wrong) = (
            clean.standing.right.expect("right"),
            clean.standing.wrong.expect("wrong"),
        );
        let rank = session(&window)
            .direction(Side::Image)
            .expect("ranked")
            .ranks[0];
        assert_eq!(
            clean.standing.rank, rank,
            "the lab starts where the ranking left it"
        );
        assert_ne!(right.index, wrong.index);
        assert_eq!(lab.target(now(&window)), Some(wrong.index as usize));
        wrong.index
    };
    assert!(says(&window, "before 1. "));
    let mut settings = lab_of(&window).settings.clone();
    assert_eq!((settings.method, settings.steps()), (method("pgd"), 10));
    (settings.threat.eps, settings.steps) = (EPS, Some(40));
    ask(&mut window, AttackCommand::SetSettings(Box::new(settings)));
    press_attack(&mut window);
    settle(&mut window);
    assert_eq!(errors(&window), Vec::<String>::new());
    let result = last_result(&window);
    let (before, after) = (&result.before, &result.after);
    assert!(
        after.verdict.fooled,
        "PGD at 16/255 fools the demo encoder: {:?}",
        after.verdict
    );
    assert_eq!(after.hits[0].index, target, "the target ranks first");
    assert!(
        after.rank > before.rank || before.rank > 1,
        "{} then {}",
        before.rank,
        after.rank
    );
    let clean = lab_of(&window)
        .clean
        .get(now(&window))
        .expect("read")
        .pixels
        .clone();
    for (x, c) in result.adversarial.iter().zip(clean.iter()) {
        assert!((0.0..=1.0).contains(x) && (x - c).abs() <= EPS + 1e-6);
    }
    // What is drawn is what was computed.
    let caption = session(&window).dataset().expect("open").captions[target as usize].clone();
    assert!(says(&window, &format!("after 1. {caption}")));
    let moved = format!("Its rank: {} → {}", before.rank, after.rank);
    assert!(says(&window, &moved), "{moved}");
    // Another attack, then back, and back to the clean picture.
    let mut settings = lab_of(&window).settings.clone();
    settings.seed = 7;
    ask(&mut window, AttackCommand::SetSettings(Box::new(settings)));
    window.key_press_modifiers(egui::Modifiers::COMMAND, egui::Key::Enter);
    settle(&mut window);
    let second = last_result(&window);
    assert_eq!(second.settings.seed, 7);
    window.key_press_modifiers(egui::Modifiers::COMMAND, egui::Key::Z);
    settle(&mut window);
    let back = last_result(&window);
    assert!(std::sync::Arc::ptr_eq(&back, &result));
    click(&mut window, "Undo");
    assert!(lab_of(&window).last(now(&window)).is_none());
    assert!(!says(&window, "after 1. ") && says(&window, "before 1. "));
    assert_eq!(
        session(&window).query(),
        Some(&Query::Row(Side::Image, 0)),
        "the pair stays"
    );
    click(&mut window, "Redo");
    assert!(lab_of(&window).last(now(&window)).is_some());
    // Undo of the other views is their own.
    click(&mut window, "Retrieval");
    window.key_press(egui::Key::ArrowRight);
    settle(&mut window);
    window.key_press_modifiers(egui::Modifiers::COMMAND, egui::Key::Z);
    settle(&mut window);
    assert_eq!(session(&window).query(), Some(&Query::Row(Side::Image, 0)));
    assert!(
        lab_of(&window).last(now(&window)).is_some(),
        "the attack is still there"
    );
}

/// Clicks the thing of this name, or the first whose name holds it, without waiting: blinking never settles.
fn click_now(window: &mut Window, text: &str) {
    let exact = window.query_all_by_label(text).next();
    let named = exact.or_else(|| window.query_all_by_label_contains(text).next());
    named.expect("there").click();
    for _ in 0..3 {
        window.step();
    }
}

#[test]
fn a_slow_attack_is_cancelled_within_a_second() {
    let mut window = lab();
    choose(&mut window, "Method", "Square");
    enter(&mut window, "Queries", "100000");
    // A radius at which it has no chance, so that it does not end by itself.
    enter(&mut window, "Epsilon, typed", "0.1/255");
    let settings = lab_of(&window).settings.clone();
    assert_eq!(
        (settings.method, settings.steps()),
        (method("square"), 100_000)
    );
    assert!(
        (settings.threat.eps - 0.1 / 255.0).abs() < 1e-7,
        "{}",
        settings.threat.eps
    );
    press_attack(&mut window);
    for _ in 0..40 {
        window.step();
        std::thread::sleep(Duration::from_millis(20));
    }
    assert_eq!(errors(&window), Vec::<String>::new());
    let lab = lab_of(&window);
    let result = lab
        .last(now(&window))
        .map(|d| (d.result.queries, d.result.seconds, d.result.after.verdict));
    assert!(result.is_none(), "it ended by itself: {result:?}");
    let running = lab.running.as_ref().expect("under way");
    let slot = std::sync::Arc::clone(&running.slot);
    assert!(!running.points.is_empty(), "the curves grow while it runs");
    click_now(&mut window, "Cancel");
    let start = Instant::now();
    // The job lets go of its slot when it has ended.
    while std::sync::Arc::strong_count(&slot) > 1 {
        assert!(start.elapsed() < Duration::from_secs(1), "still running");
        std::thread::sleep(Duration::from_millis(5));
    }
    settle(&mut window);
    assert!(lab_of(&window).running.is_none() && lab_of(&window).last(now(&window)).is_none());
    assert_eq!(errors(&window), Vec::<String>::new());
}

#[test]
fn an_attack_is_exported_with_all_that_reproduces_it() {
    let folder = tempfile::tempdir().expect("a folder");
    let mut window = lab();
    press_attack(&mut window);
    settle(&mut window);
    let result = last_result(&window);
    let path = folder.path().join("adversarial.png");
    ask(&mut window, AttackCommand::Export(Some(path.clone())));
    assert_eq!(errors(&window), Vec::<String>::new());
    let saved = image::open(&path).expect("a picture").into_rgb8();
    let grid = result.grid;
    assert_eq!(
        (saved.width() as usize, saved.height() as usize),
        (grid.width, grid.height)
    );
    let pixel = saved.get_pixel(3, 2)[1];
    let exact = result.adversarial[grid.plane() + 2 * grid.width + 3];
    assert_eq!(pixel, (exact * 255.0).round() as u8);
    assert!(folder.path().join("adversarial.heatmap.png").exists());
    assert!(folder.path().join("adversarial.npy").exists());
    let report = std::fs::read(folder.path().join("adversarial.json")).expect("a report");
    let report: serde_json::Value = serde_json::from_slice(&report).expect("JSON");
    assert_eq!(report["settings"]["method"], "pgd");
    assert_eq!(report["after"]["rank"], result.after.rank);
    assert_eq!(report["model_blake3"].as_str().map(str::len), Some(64));
}

#[test]
fn a_click_on_a_caption_makes_it_the_target() {
    let mut window = lab();
    let wrong = {
        let own = session(&window).dataset().expect("open").captions_of(0);
        let standing = &lab_of(&window)
            .clean
            .get(now(&window))
            .expect("read")
            .standing;
        let mut wrong = standing
            .hits
            .iter()
            .filter(|h| !own.contains(&(h.index as usize)));
        wrong.nth(2).expect("a third").index as usize
    };
    let caption = session(&window).dataset().expect("open").captions[wrong].clone();
    window
        .query_all_by(|n| {
            n.label()
                .is_some_and(|l| l.starts_with("before") && l.contains(&caption))
        })
        .next()
        .expect("in the list")
        .click();
    settle(&mut window);
    assert_eq!(lab_of(&window).target(now(&window)), Some(wrong));
    press_attack(&mut window);
    settle(&mut window);
    let result = last_result(&window);
    assert_eq!((result.goal, result.target), (Goal::Win, wrong));
    let (before, after) = (
        result.before.target.expect("its rank"),
        result.after.target.expect("its rank"),
    );
    assert!(
        after.1 < before.1,
        "the target rises: {} then {}",
        before.1,
        after.1
    );
}

#[test]
fn the_lab_follows_the_picture_selected() {
    let mut window = lab();
    click(&mut window, "Next");
    assert_eq!(session(&window).tab, Attack::TAB);
    let lab = lab_of(&window);
    assert_eq!(
        (lab.image, lab.clean.get(now(&window)).map(|c| c.image)),
        (Some(1), Some(1))
    );
    let rank = session(&window)
        .direction(Side::Image)
        .expect("ranked")
        .ranks[1];
    assert_eq!(
        lab.clean.get(now(&window)).map(|c| c.standing.rank),
        Some(rank)
    );
    ask(&mut window, AttackCommand::SetOwnSize(true));
    press_attack(&mut window);
    settle(&mut window);
    assert_eq!(errors(&window), Vec::<String>::new());
    let done = lab_of(&window)
        .last(now(&window))
        .expect("attacked")
        .clone();
    assert!(done.result.own_size);
    let picture = &done.request.picture;
    assert_eq!(
        (done.result.grid.width, done.result.grid.height),
        (picture.width as usize, picture.height as usize)
    );
    click(&mut window, "Previous");
    assert!(
        lab_of(&window).last(now(&window)).is_none(),
        "the other picture was not attacked"
    );
    click(&mut window, "Next");
    assert!(lab_of(&window).last(now(&window)).is_some());
}

#[test]
fn without_pictures_or_encoder_the_lab_says_what_is_missing() {
    let folder = tempfile::tempdir().expect("a folder");
    let workspace = nearmiss::desktop::core::Workspace::default();
    let path = folder.path().join("empty.nearmiss.json");
    workspace.save(&path).expect("saved");
    let mut window = open(&path);
    window.get_by_label("Attack").click();
    settle(&mut window);
    assert!(says(&window, "Nothing to attack"));
    click(&mut window, "Open the demo");
    assert!(says(&window, "before 1. "), "the lab opens by itself");
}
