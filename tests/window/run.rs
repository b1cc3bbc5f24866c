//! The view of a run, driven by role and label.

use super::*;
use crate::parts::named;
use crate::parts::store::served;
use nearmiss::desktop::core::Command;
use nearmiss::desktop::feature::Feature;
use nearmiss::desktop::run::{Command as RunCommand, Page, Results, RunView, State, Which};
use nearmiss::parts::{Failure, finish_ranking};
use nearmiss::task::Task;
use tempfile::TempDir;

fn state(window: &Window) -> &State {
    drive::state::<RunView>(window)
}

fn ask(window: &mut Window, command: RunCommand) {
    perform_of::<RunView>(window, command);
    settle(window);
}

/// Waits until it says so.
fn wait(window: &mut Window, what: impl Fn(&Window) -> bool) {
    let start = Instant::now();
    while !what(window) {
        window.step();
        std::thread::sleep(Duration::from_millis(20));
        assert!(start.elapsed() < Duration::from_secs(30), "it never came");
    }
    settle(window);
}

fn typed(window: &mut Window, place: &str) {
    perform(window, Command::OpenRun);
    settle(window);
    window.key_press_modifiers(egui::Modifiers::COMMAND, egui::Key::A);
    window.step();
    let field = window.get_by_label("Folder or URL of the run");
    field.type_text(place);
    settle(window);
    window.get_by_label("Open").click();
    settle(window);
}

fn finished(size: [f32; 2]) -> (Window, TempDir) {
    let folder = tempfile::tempdir().expect("a folder");
    let run = named::whole(folder.path(), None);
    finish_ranking(&run, &Task::detached()).expect("merged");
    let mut window = boot(Start::default(), size);
    typed(&mut window, &named::place(folder.path()));
    (window, folder)
}

#[test]
fn without_a_run_the_rail_is_as_it_was_and_the_palette_opens_one() {
    let mut window = demo();
    assert!(window.query_by_label("Run").is_none());
    window.key_press_modifiers(egui::Modifiers::COMMAND, egui::Key::K);
    window.step();
    window.step();
    let field = window.get_by(|node| {
        node.placeholder()
            .is_some_and(|p| p.starts_with("Type a command"))
    });
    field.type_text("open run");
    window.step();
    window.key_press(egui::Key::Enter);
    settle(&mut window);
    assert_eq!(session(&window).tab, RunView::TAB);
    window.get_by_label("Run");
    assert!(says(&window, "A run is the work on a set too large"));
    assert!(says(&window, "nearmiss part plan"));
    look::snapshot(&mut window, "run-start");
    click(&mut window, "Retrieval");
    assert!(window.query_by_label("Run").is_none());
}

#[test]
fn a_finished_run_shows_figures_negatives_and_hubs() {
    let (mut window, _folder) = finished([1440.0, 900.0]);
    assert_eq!(errors(&window), Vec::<String>::new());
    for line in ["Embed: 2 of 2 done", "Rank: ", "Merge: "] {
        assert!(says(&window, line), "{line}");
    }
    let found = state(&window).found().expect("found").clone();
    let report = &found.figures.as_ref().expect("figures").report;
    window.get_by_label(&format!("I→T R@1 {:.1}", report.i2t.r1));
    window.get_by_label(&format!("T→I R@1 {:.1}", report.t2i.r1));
    assert!(says(&window, "All 24 images"));
    // Nothing is left to be seen.
    assert!(says(&window, "Finished") && !state(&window).watching);
    click(&mut window, "Negatives");
    // The rail has one too.
    ask(&mut window, RunCommand::ShowPage(Page::Negatives));
    perform(&mut window, Command::Show(RunView::TAB));
    settle(&mut window);
    let first = found.survey.sides[0].smallest[0];
    let name = format!("{:04}.png", first.query);
    assert!(says(&window, &name));
    assert!(says(&window, &format!("rank {}", first.rank)));
    assert!(says(&window, "Picture of"));
    assert!(
        state(&window)
            .pictures
            .get(first.query)
            .is_some_and(|p| p.is_ok())
    );
    window.key_press(egui::Key::ArrowDown);
    settle(&mut window);
    assert_eq!(state(&window).chosen, 1);
    window.key_press(egui::Key::D);
    settle(&mut window);
    assert_eq!(
        (state(&window).side, state(&window).chosen),
        (Side::Text, 0)
    );
    let range = found
        .finished
        .ranges
        .iter()
        .find(|r| !r.of_images)
        .expect("one");
    ask(&mut window, RunCommand::SetWhich(Which::Range(range.n)));
    assert!(says(&window, "as they are numbered"));
    let list = state(&window).list(&found).expect("read");
    assert_eq!(list.len(), range.queries.len());
    ask(&mut window, RunCommand::ShowPage(Page::Hubs));
    assert!(says(&window, "are the hardest negative of any"));
    assert!(says(&window, "hardest negative of "));
    assert_eq!(session(&window).settings.runs.len(), 1);
    ask(&mut window, RunCommand::Close);
    assert!(window.query_by_label("Run").is_none());
}

#[test]
fn a_run_under_way_is_watched_until_that_is_stopped() {
    let folder = tempfile::tempdir().expect("a folder");
    let run = named::planned(folder.path());
    named::embedded(&run, &[0]);
    let failure = Failure {
        task: 1,
        message: "the pictures of 00001.tar cannot be read".into(),
        remedy: "Copy it again.".into(),
        host: "node-7".into(),
        at: 0,
    };
    run.fail("embed", &failure).expect("written");
    let mut window = demo();
    typed(&mut window, &named::place(folder.path()));
    assert!(says(&window, "Embed: 1 of 2 done"));
    assert!(says(&window, "the pictures of 00001.tar cannot be read"));
    assert!(says(&window, "node-7") && says(&window, "Watching"));
    assert!(says(&window, "appear here once the ranking is merged"));
    named::embedded(&run, &[1]);
    wait(&mut window, |w| says(w, "Embed: 2 of 2 done"));
    assert!(!says(&window, "the pictures of 00001.tar"));
    window.get_by_label("Stop watching").click();
    settle(&mut window);
    named::ranked(&run, None);
    std::thread::sleep(Duration::from_millis(2300));
    settle(&mut window);
    assert!(!says(&window, "Rank:") && says(&window, "Not watched"));
    window.get_by_label("Watch").click();
    wait(&mut window, |w| says(w, "Rank:"));
    finish_ranking(&run, &Task::detached()).expect("merged");
    wait(&mut window, |w| state(w).found().is_some());
    assert!(says(&window, "I→T R@1"));
    assert_eq!(errors(&window), Vec::<String>::new());
}

#[test]
fn what_is_no_run_and_what_is_not_its_own_is_told() {
    let folder = tempfile::tempdir().expect("a folder");
    let mut window = demo();
    typed(&mut window, &folder.path().to_string_lossy());
    assert!(says(&window, "no stage is planned"));
    assert!(!state(&window).watching);
    write(folder.path(), "plan-embed.json", b"{\"program\": 3}");
    typed(&mut window, &folder.path().to_string_lossy());
    assert!(says(&window, "no plan of this version"));
    let run = named::whole(folder.path(), None);
    finish_ranking(&run, &Task::detached()).expect("merged");
    let file = folder.path().join("run/report.json");
    let text = std::fs::read_to_string(&file).expect("figures");
    std::fs::write(&file, text.replacen("\"images\": 24", "\"images\": 23", 1)).expect("written");
    ask(&mut window, RunCommand::Open(named::place(folder.path())));
    assert!(says(&window, "is not of this ranking: it is of 23 images"));
    // Where hard negatives lie is known all the same.
    assert!(says(&window, "All 24 images"));
    // A part that is damaged: nothing of it is shown.
    let part = folder.path().join("run/merged/rank/00000.safetensors");
    let mut bytes = std::fs::read(&part).expect("a part");
    let last = bytes.len() - 1;
    bytes[last] ^= 1;
    std::fs::write(&part, bytes).expect("written");
    ask(&mut window, RunCommand::Open(named::place(folder.path())));
    assert!(matches!(state(&window).results, Results::Refused(_)));
    assert!(says(&window, "is damaged"));
}

#[test]
fn a_run_looks_as_it_did() {
    let (mut window, _folder) = finished([1440.0, 900.0]);
    for (page, name) in [
        (Page::Figures, "run-figures"),
        (Page::Negatives, "run-negatives"),
        (Page::Hubs, "run-hubs"),
    ] {
        ask(&mut window, RunCommand::ShowPage(page));
        look::snapshot(&mut window, name);
        perform(&mut window, Command::SetTheme(ThemeChoice::Light));
        look::snapshot(&mut window, &format!("{name}-light"));
        perform(&mut window, Command::SetTheme(ThemeChoice::Dark));
        settle(&mut window);
    }
}

#[test]
fn a_run_looks_as_it_did_in_a_small_window() {
    let (mut small, _folder) = finished([1280.0, 720.0]);
    ask(&mut small, RunCommand::SetSide(Side::Text));
    look::snapshot(&mut small, "run-1280x720");
    ask(&mut small, RunCommand::ShowPage(Page::Negatives));
    look::snapshot(&mut small, "run-negatives-1280x720");
}

#[test]
fn a_run_in_a_bucket_is_opened_from_its_url_and_shows_its_pictures() {
    let name = "a_run_in_a_bucket_is_opened_from_its_url_and_shows_its_pictures";
    served::with_server(module_path!(), name, served::SECRET, |server| {
        named::tars_in(&server.folder.path().join("box/set"));
        let run = named::planned_at("s3://box/set", "s3://box/run");
        named::embedded(&run, &[0, 1]);
        named::ranked(&run, None);
        finish_ranking(&run, &Task::detached()).expect("merged");
        let mut window = boot(Start::default(), [1440.0, 900.0]);
        typed(&mut window, "s3://box/run");
        wait(&mut window, |window| state(window).found().is_some());
        assert_eq!(errors(&window), Vec::<String>::new());
        let found = state(&window).found().expect("found").clone();
        let report = &found.figures.as_ref().expect("figures").report;
        window.get_by_label(&format!("I→T R@1 {:.1}", report.i2t.r1));
        ask(&mut window, RunCommand::ShowPage(Page::Negatives));
        let first = found.survey.sides[0].smallest[0];
        wait(&mut window, |window| {
            state(window).pictures.get(first.query).is_some()
        });
        assert!(
            state(&window)
                .pictures
                .get(first.query)
                .is_some_and(|picture| picture.is_ok())
        );
    });
}
