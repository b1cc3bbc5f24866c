//! Nothing outlives what it was computed from.

use super::{Window, click, demo, linear, now, perform, perform_of, says, session, settle, strata};
use crate::window::{linear_of, negatives_of, structure_of};
use egui_kittest::kittest::Queryable;
use nearmiss::compute::Choice;
use nearmiss::dataset::Verdict;
use nearmiss::dataset::demo::unpack;
use nearmiss::desktop::core::{
    Command, DataSource, Deeds, EncoderSource, SetsCommand, Settings, Workspace,
};
use nearmiss::desktop::linear::{Command as LinearCommand, Form, Group, LinearLab};
use nearmiss::desktop::negatives::{Command as NegativesCommand, Negatives};
use nearmiss::desktop::strata::{Command as StrataCommand, StrataLab};
use nearmiss::desktop::structure::Command as StructureCommand;
use nearmiss::desktop::structure::{MatrixLooks, Structure};
use nearmiss::learn::concepts::On;
use nearmiss::retrieval::structure::matrix::Order;

#[test]
fn figures_of_one_encoder_are_never_shown_under_another() {
    let mut window = demo();
    let r1 = session(&window).evaluation().expect("ranked").report.i2t.r1;
    let figure = format!("I→T R@1 {r1:.1}");
    assert!(window.query_all_by_label_contains(&figure).next().is_some());
    perform(&mut window, Command::OpenEncoder(EncoderSource::Demo));
    // Until the other encoder is there, the one before stays with all that it gave.
    step_until(&mut window, |window| {
        let now = session(window);
        assert_eq!(now.embedded().is_some(), now.evaluation().is_some());
        now.embedded().is_none()
    });
    let mut jobs = session(&window).jobs.iter();
    let embedding = jobs.find(|j| j.progress.stage.contains("Embedding"));
    let job = embedding.expect("under way").job;
    perform(&mut window, Command::CancelJob(job));
    settle(&mut window);
    let now = session(&window);
    assert!(now.ranking().is_none() && now.evaluation().is_none() && now.answer().is_none());
    assert!(window.query_all_by_label_contains(&figure).next().is_none());
    for view in ["Retrieval", "Attack", "Structure", "Negatives"] {
        click(&mut window, view);
        let again = window.query_all_by_label_contains("Embed again").next();
        assert!(again.is_some(), "{view}");
    }
    click(&mut window, "Embed again");
    assert!(session(&window).evaluation().is_some());
}

/// Steps until `done`, without waiting for the jobs.
fn step_until(window: &mut Window, done: impl Fn(&Window) -> bool) {
    for _ in 0..4000 {
        if done(window) {
            return;
        }
        window.step();
        std::thread::sleep(std::time::Duration::from_millis(2));
    }
    panic!("it never came to that");
}

fn compute_on(window: &mut Window, compute: Choice) {
    let settings = Settings {
        compute,
        ..session(window).settings.clone()
    };
    perform(window, Command::SetSettings(Box::new(settings)));
}

#[test]
fn another_engine_computes_again_what_the_one_before_had_found() {
    let mut window = demo();
    click(&mut window, "Negatives");
    let before = negatives_of(&window).set.get(now(&window)).cloned();
    let before = before.expect("mined");
    compute_on(&mut window, Choice::Cpu);
    settle(&mut window);
    let after = negatives_of(&window).set.get(now(&window)).cloned();
    let after = after.expect("mined again");
    assert!(!std::sync::Arc::ptr_eq(&before, &after));
    assert_eq!(before.pairs.len(), after.pairs.len());
    click(&mut window, "Structure");
    assert!(structure_of(&window).found.get(now(&window)).is_some());
    compute_on(&mut window, Choice::Auto);
    settle(&mut window);
    assert!(structure_of(&window).found.get(now(&window)).is_some());
}

#[test]
fn another_order_of_the_matrix_is_drawn_while_the_one_before_still_was() {
    let mut window = demo();
    click(&mut window, "Structure");
    let looks = structure_of(&window).matrix.looks;
    // Every pair, so that tiles are still being made when the other order comes.
    for order in [Order::Rank, Order::Dataset, Order::Rank] {
        let looks = MatrixLooks {
            exact: true,
            order,
            ..looks
        };
        let command = StructureCommand::SetLooks(looks);
        perform_of::<Structure>(&mut window, command);
        for _ in 0..3 {
            window.step();
        }
    }
    settle(&mut window);
    let matrix = &structure_of(&window).matrix;
    assert!(!matrix.stopped);
    assert_eq!((matrix.looks.order, matrix.waiting), (Order::Rank, 0));
    assert!(matrix.arrangement.get(now(&window)).is_some());
    assert!(!matrix.seen.is_empty());
    assert!(
        matrix
            .seen
            .iter()
            .all(|&key| matrix.tiles.get(key).is_some())
    );
}

#[test]
fn a_workspace_whose_data_cannot_be_opened_leaves_all_but_its_encoder() {
    let folder = tempfile::tempdir().expect("a folder");
    let encoder = unpack(folder.path()).expect("unpacked").join("encoder");
    let mut window = demo();
    let margin = session(&window).workspace.margin;
    let workspace = Workspace {
        data: Some(DataSource::at(folder.path().join("gone.json"))),
        encoder: Some(EncoderSource::Folder(encoder.clone())),
        margin: margin + 0.5,
        sets: [("theirs".to_owned(), vec!["a.png".to_owned()])].into(),
        ..Workspace::default()
    };
    let file = folder.path().join("w.json");
    perform(
        &mut window,
        Command::OpenWorkspace(Box::new(workspace), Some(file)),
    );
    settle(&mut window);
    let session = session(&window);
    assert_eq!(session.dataset().expect("stays").images.len(), 300);
    assert_eq!(session.file, None, "what is open is not what the file says");
    assert_eq!(session.workspace.margin, margin);
    assert!(session.workspace.sets.is_empty());
    assert!(session.evaluation().is_some(), "what is open is ranked");
}

#[test]
fn a_workspace_that_fails_takes_nothing_from_what_was_being_embedded() {
    let folder = tempfile::tempdir().expect("a folder");
    let mut window = demo();
    perform(&mut window, Command::OpenEncoder(EncoderSource::Demo));
    step_until(&mut window, |w| session(w).embedded().is_none());
    let workspace = Workspace {
        data: Some(DataSource::at(folder.path().join("gone.json"))),
        ..Workspace::default()
    };
    perform(
        &mut window,
        Command::OpenWorkspace(Box::new(workspace), None),
    );
    settle(&mut window);
    assert!(session(&window).evaluation().is_some());
}

#[test]
fn groups_of_pairs_say_that_pairs_were_decided_on_since() {
    let (mut window, _folder) = strata::grouped(64);
    let told = "Pairs were decided on since";
    assert!(!says(&window, told));
    click(&mut window, "Negatives");
    let decide = NegativesCommand::Decide(Some(Verdict::Right));
    perform_of::<Negatives>(&mut window, decide);
    settle(&mut window);
    click(&mut window, "Strata");
    assert!(says(&window, told));
    perform(&mut window, Command::Undo(Deeds::Decisions));
    settle(&mut window);
    perform_of::<StrataLab>(&mut window, StrataCommand::Group);
    settle(&mut window);
    assert!(!says(&window, told), "grouped again as it is decided now");
}

/// A study of two sets by what an image's rows are `on`.
fn study_of_sets(less: usize, on: On) -> (Window, tempfile::TempDir) {
    let (mut window, folder) = linear::laboratory(less);
    for (name, images) in [("left", 0..16), ("right", 30..46)] {
        let keep = SetsCommand::Keep(name.into(), images.collect());
        perform(&mut window, Command::Sets(keep));
    }
    settle(&mut window);
    let form = Form {
        groups: ["left", "right"].map(|name| Group::Set(name.into())),
        on,
        steps: 200,
        ..linear::small()
    };
    for command in [LinearCommand::SetForm(Box::new(form)), LinearCommand::Study] {
        perform_of::<LinearLab>(&mut window, command);
        settle(&mut window);
    }
    assert!(linear_of(&window).studied(now(&window)).is_some());
    (window, folder)
}

#[test]
fn a_study_of_sets_says_that_one_was_changed_since() {
    let (mut window, _folder) = study_of_sets(65, linear::small().on);
    let told = "The set \"left\" has changed since";
    assert!(!says(&window, told));
    for (images, changed) in [(0..17, true), (0..16, false), (1..17, true)] {
        let keep = SetsCommand::Keep("left".into(), images.collect());
        perform(&mut window, Command::Sets(keep));
        settle(&mut window);
        assert_eq!(says(&window, told), changed);
    }
}

#[test]
fn a_study_of_a_layer_is_gone_with_its_encoder() {
    let encoder = nearmiss::source::demo_folder()
        .expect("unpacked")
        .join("encoder");
    let (mut window, _folder) = study_of_sets(66, On::Layer("image_embeds".into()));
    // The same model from another place is another encoder: it may be another tomorrow.
    perform(
        &mut window,
        Command::OpenEncoder(EncoderSource::Folder(encoder)),
    );
    settle(&mut window);
    assert!(linear_of(&window).studied(now(&window)).is_none());
}
