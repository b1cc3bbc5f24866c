//! The laboratory of changes, driven by role and label.

use super::attack::blocked::blocked_encoder;
use super::learning::{demo_without, log_has};
use super::paths::{answer, until};
use super::*;
use egui::Role;
use egui_kittest::kittest::NodeT as _;
use nearmiss::augment::{CHANGES, Change, Course};
use nearmiss::desktop::augment::{
    AugmentLab, Command as AugmentCommand, Form, Kind, Studied, Taken, Use,
};
use nearmiss::desktop::core::{Command, EncoderSource, Settings};
use nearmiss::desktop::feature::Feature;
use std::sync::Arc;
use tempfile::TempDir;

/// Learns in some seconds without optimization.
fn small() -> Form {
    Form {
        most: 48,
        seeds: 2,
        steps: 5,
        batch: 8,
        copies: 2,
        draws: 4,
        ..Form::default()
    }
}

fn ask(window: &mut Window, command: AugmentCommand) {
    perform_of::<AugmentLab>(window, command);
    settle(window);
}

fn set(window: &mut Window, form: Form) {
    ask(window, AugmentCommand::SetForm(Box::new(form)));
}

fn laboratory(less: usize) -> (Window, TempDir) {
    let (mut window, folder) = demo_without(less);
    click(&mut window, "Augment");
    assert_eq!(session(&window).tab, AugmentLab::TAB);
    set(&mut window, small());
    (window, folder)
}

fn learned(less: usize) -> (Window, TempDir) {
    let (mut window, folder) = laboratory(less);
    window.get_by_label("Learn").click();
    settle(&mut window);
    assert_eq!(errors(&window), Vec::<String>::new());
    (window, folder)
}

fn studied(window: &Window) -> Arc<Studied> {
    let known = augment_of(window).studied(now(window)).cloned();
    known.expect("magnitudes")
}

#[test]
fn magnitudes_are_learned_and_told_in_a_sentence_and_tables() {
    let (mut window, _folder) = laboratory(71);
    assert!(says(&window, "No magnitudes learned yet"));
    look::snapshot(&mut window, "augment-start");
    click(&mut window, "Learn magnitudes");
    assert_eq!(errors(&window), Vec::<String>::new());
    let found = studied(&window);
    assert_eq!(found.images.len(), 48);
    assert_eq!(found.answer.parts, [16, 16, 16]);
    assert_eq!((found.curves.seeds, found.curves.done), (2, 5));
    window.get_by_label(&found.answer.says);
    for note in &found.answer.notes {
        assert!(says(&window, note), "{note}");
    }
    assert!(found.study.runs.iter().all(|run| run.moments.len() == 5));
    assert!(
        found
            .command
            .starts_with("nearmiss augment --seeds 2 --seed 1 --steps 5 --rate 0.03 --batch 8")
    );
    // The table says what the core says, and can be copied.
    click_only(&mut window, "Copy or save: magnitudes of changes");
    window.step();
    click_only(&mut window, "Copy the whole table as Markdown");
    let commands = drive::copied(&mut window);
    let table = commands.into_iter().find_map(|command| match command {
        egui::OutputCommand::CopyText(text) => Some(text),
        _ => None,
    });
    let table = table.expect("copied");
    // What was said of it is not in the pictures.
    while says(&window, "Dismiss") {
        click_only(&mut window, "Dismiss");
        window.step();
    }
    for change in Change::ALL {
        let course = found.study.course(change);
        let end = found.study.end(change).unwrap();
        let row = format!(
            "| {} | {:.3} | {} |",
            change.title(),
            found.study.start.get(change),
            nearmiss::augment::magnitude(end)
        );
        assert!(table.contains(&row), "{row}\n{table}");
        assert!(table.contains(course.title()), "{table}");
    }
    let gain = |window: &Window, read_out: bool| {
        let gain = nearmiss::augment::signed(found.study.gain(read_out).unwrap());
        assert!(says(window, &gain), "{gain}");
    };
    gain(&window, true);
    click(&mut window, "As they are");
    assert!(!augment_of(&window).read_out);
    gain(&window, false);
    click(&mut window, "With the read-out");
    // Copies of the selected picture: as it is, and as many as an average has.
    let (image, copies) = augment_of(&window).copies.get(now(&window)).expect("made");
    assert_eq!((*image, copies.len()), (0, 5));
    let drawn = |window: &Window, words: &str| {
        let all = window.query_all_by_role(Role::Image);
        let label = |node: &egui_kittest::Node<'_>| node.accesskit_node().label();
        all.filter(|node| label(node).is_some_and(|label| label.contains(words)))
            .count()
    };
    assert_eq!(drawn(&window, "of scenes/000.png"), 4);
    perform(&mut window, Command::Query(Query::Row(Side::Image, 7)));
    settle(&mut window);
    let (image, _) = augment_of(&window).copies.get(now(&window)).expect("made");
    assert_eq!(*image, 7);
    assert_eq!(drawn(&window, "of scenes/007.png"), 4);
    // Another one is chosen here.
    window.get_by_label("Next").click();
    settle(&mut window);
    assert_eq!(drawn(&window, "of scenes/008.png"), 4);
    look::snapshot(&mut window, "augment");
    perform(&mut window, Command::SetTheme(ThemeChoice::Light));
    look::snapshot(&mut window, "augment-light");
    // It is among the runs, and runs again with its settings.
    set(&mut window, Form::default());
    click(&mut window, "Log");
    assert!(says(&window, &found.answer.says));
    click(&mut window, "Again: Magnitudes of changes");
    click(&mut window, "Augment");
    assert_eq!(augment_of(&window).form, small());
    let again = studied(&window);
    assert!(!Arc::ptr_eq(&again, &found));
    assert_eq!(again.study.start, found.study.start);
}

#[test]
fn settings_and_encoders_that_changed_are_told() {
    let (mut window, folder) = learned(72);
    assert!(!says(&window, "Not learned yet"));
    let mut form = small();
    form.steps = 3;
    form.parts = [Taken::LeftOut; CHANGES];
    form.parts[Change::Rotation.index()] = Taken::Fixed(0.25);
    form.parts[Change::Shift.index()] = Taken::Learned;
    set(&mut window, form);
    assert!(says(&window, "Not learned yet as the settings say"));
    assert!(says(
        &window,
        "48 images at most · 2 seeds from 1 on · 5 steps"
    ));
    ask(&mut window, AugmentCommand::Learn);
    assert!(!says(&window, "Not learned yet"));
    let found = studied(&window);
    assert_eq!(found.study.course(Change::Rotation), Course::Given);
    assert_eq!(found.study.course(Change::Blur), Course::LeftOut);
    assert!(
        found
            .command
            .ends_with("--only shift --magnitudes rotation=0.25")
    );
    assert!(says(&window, "±90.0°"));
    // Figures and steps are written.
    let path = folder.path().join("augment.json");
    ask(
        &mut window,
        AugmentCommand::ExportTo(Kind::Figures, path.clone()),
    );
    let written: serde_json::Value =
        serde_json::from_slice(&std::fs::read(&path).unwrap()).unwrap();
    assert_eq!(written["says"], found.answer.says.as_str());
    assert_eq!(written["command"], found.command.as_str());
    let path = folder.path().join("history.csv");
    ask(
        &mut window,
        AugmentCommand::ExportTo(Kind::History, path.clone()),
    );
    let history = std::fs::read_to_string(&path).unwrap();
    assert_eq!(history.lines().count(), 1 + 2 * 3);
    assert!(history.starts_with("seed,step,inner,outer,rotation"));
    // What was learned for one encoder is not shown under another.
    perform(&mut window, Command::OpenEncoder(EncoderSource::Demo));
    settle(&mut window);
    assert!(augment_of(&window).studied(now(&window)).is_none());
    assert!(says(&window, "No magnitudes learned yet"));
    assert_eq!(errors(&window), Vec::<String>::new());
}

#[test]
fn what_cannot_be_learned_is_refused_with_what_helps() {
    let (mut window, _folder) = laboratory(73);
    let refused = |window: &mut Window, form: Form, words: &[&str]| {
        set(window, form);
        for words in words {
            assert!(says(window, words), "{words}");
        }
        ask(window, AugmentCommand::Learn);
        assert!(augment_of(window).studied(now(window)).is_none());
    };
    let nothing = Form {
        parts: [Taken::LeftOut; CHANGES],
        ..small()
    };
    refused(&mut window, nothing, &["Every change is left out."]);
    // An encoder that no gradient passes: magnitudes can be given, and recall is measured.
    let encoder = blocked_encoder();
    let open = Command::OpenPath(encoder.path().to_path_buf());
    perform(&mut window, open);
    settle(&mut window);
    let words = [
        "No gradient passes the image model of this encoder",
        "give every change a magnitude under Settings",
        "Show the models",
    ];
    refused(&mut window, small(), &words);
    let mut given = small();
    given.parts = [Taken::Fixed(0.02); CHANGES];
    set(&mut window, given);
    assert!(augment_of(&window).refusal(session(&window)).is_none());
    ask(&mut window, AugmentCommand::Learn);
    assert_eq!(errors(&window), Vec::<String>::new());
    let found = studied(&window);
    assert!(found.study.learned.is_empty() && found.study.gain(true).is_some());
    assert!(says(&window, "Given, not learned: rotation"));
}

/// The laboratory on so many grey pictures.
fn grey(count: u32) -> (Window, [TempDir; 2]) {
    let folders = [tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap()];
    let root = folders[0].path();
    for n in 0..count {
        let shade = |x: u32, y: u32| image::Luma([((x * (3 + n) + y * 7 * n) % 256) as u8]);
        let path = root.join(format!("p{n}.png"));
        image::GrayImage::from_fn(24, 24, shade).save(path).unwrap();
        let words = format!("Stripes of kind {n}");
        write(root, &format!("p{n}.txt"), words.as_bytes());
    }
    let file = folders[1].path().join("workspace.json");
    let value = serde_json::json!({
        "version": 1, "data": { "path": root }, "encoder": "demo", "margin": 0.2,
    });
    std::fs::write(&file, value.to_string()).unwrap();
    let mut window = open(&file);
    click(&mut window, "Augment");
    (window, folders)
}

#[test]
fn grey_pictures_have_no_colour_to_change_and_that_is_said() {
    let (mut window, _folders) = grey(14);
    let mut form = small();
    form.parts[Change::Blur.index()] = Taken::LeftOut;
    form.steps = 2;
    set(&mut window, form.clone());
    ask(&mut window, AugmentCommand::Learn);
    assert_eq!(errors(&window), Vec::<String>::new());
    let found = studied(&window);
    assert_eq!(found.study.course(Change::Colour), Course::LeftOut);
    assert!(says(&window, "Colour is left out: all pictures are grey"));
    assert!(
        found
            .command
            .ends_with("--only rotation,shift,scale,brightness")
    );
    let (mut few, _folders) = grey(5);
    assert!(says(&few, "5 images are too few for three parts"));
    assert!(says(&few, "Use 12 images or more."));
    ask(&mut few, AugmentCommand::Learn);
    assert!(log_has(&few, "5 images are too few"));
    // Nothing but colour: refused.
    form.parts = [Taken::LeftOut; CHANGES];
    form.parts[Change::Colour.index()] = Taken::Learned;
    set(&mut window, form);
    ask(&mut window, AugmentCommand::Learn);
    assert!(log_has(&window, "o magnitude of colour can be told"));
}

#[test]
fn a_learning_under_way_is_shown_and_cancelled() {
    let (mut window, _folder) = laboratory(74);
    let long = Form {
        steps: 10_000,
        ..small()
    };
    set(&mut window, long);
    window.get_by_label("Learn").click();
    let begun = Instant::now();
    while augment_of(&window).live.get(now(&window)).is_none() {
        window.step();
        std::thread::sleep(Duration::from_millis(5));
        assert!(begun.elapsed() < Duration::from_secs(40), "no curves");
    }
    window.step();
    window.step();
    assert!(says(&window, "Loss of held-out pairs"));
    assert!(says(&window, "Learning magnitudes, seed 1 (1 of 2)"));
    let asked = Instant::now();
    click_only(&mut window, "Cancel");
    settle(&mut window);
    assert!(asked.elapsed() < Duration::from_secs(3));
    assert!(augment_of(&window).studied(now(&window)).is_none());
    window.get_by_label("Learn");
    assert!(says(&window, "No magnitudes learned yet"));
    assert_eq!(errors(&window), Vec::<String>::new());
}

#[test]
fn the_averaged_encoder_is_saved_and_opened() {
    let (mut window, folder) = learned(75);
    let settings = Settings {
        path_field: true,
        ..session(&window).settings.clone()
    };
    perform(&mut window, Command::SetSettings(Box::new(settings)));
    settle(&mut window);
    let place = folder.path().join("averaged");
    std::fs::create_dir(&place).unwrap();
    click_only(&mut window, "Save…");
    until(&mut window, "A new, empty folder for the averaged encoder");
    answer(&mut window, &place);
    settle(&mut window);
    assert_eq!(errors(&window), Vec::<String>::new());
    assert!(log_has(&window, "The averaged encoder is in"));
    assert!(EncoderSource::Folder(place.clone()).files().is_ok());
    // What lies there already stays.
    ask(&mut window, AugmentCommand::MakeEncoder(Use::Keep(place)));
    assert_eq!(errors(&window).len(), 1);
    // Opened, it is the encoder that all views work with, and nothing of the one before is shown.
    let before = session(&window).encoder().unwrap().name.clone();
    ask(&mut window, AugmentCommand::MakeEncoder(Use::Open));
    assert_eq!(errors(&window).len(), 1);
    assert_ne!(session(&window).encoder().unwrap().name, before);
    assert!(session(&window).evaluation().is_some());
    assert!(augment_of(&window).studied(now(&window)).is_none());
}

/// Clicks without waiting for jobs.
fn click_only(window: &mut Window, label: &str) {
    let found = window.query_all_by_label(label).next();
    found.expect("there").click();
    window.step();
}
