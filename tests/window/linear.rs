//! The laboratory of linear classifiers, driven by role and label.

use super::learning::{demo_without, log_has};
use super::*;
use nearmiss::attack::confirm::Agreement;
use nearmiss::desktop::core::{Command, SetsCommand};
use nearmiss::desktop::feature::Feature;
use nearmiss::desktop::linear::{
    Command as LinearCommand, Form, Group, Kind, LinearLab, Page, Shown, Studied,
};
use nearmiss::learn::concepts::On;
use nearmiss::learn::linear::moving::{self, Asked};
use nearmiss::learn::linear::study::words::{headline, percent};
use nearmiss::learn::linear::{Method, Norm};
use std::sync::Arc;
use tempfile::TempDir;

/// Trains in some seconds without optimization.
pub fn small() -> Form {
    Form {
        groups: ["dark", "white"].map(|word| Group::Words(word.into())),
        on: On::Pixels {
            side: 10,
            colour: false,
        },
        most: 14,
        methods: vec![Method::Gd, Method::Sign, Method::Cd],
        steps: 3_000,
        ..Form::default()
    }
}

pub fn laboratory(less: usize) -> (Window, TempDir) {
    let (mut window, folder) = demo_without(less);
    click(&mut window, "Linear");
    assert_eq!(session(&window).tab, LinearLab::TAB);
    settle(&mut window);
    (window, folder)
}

fn ask(window: &mut Window, command: LinearCommand) {
    perform_of::<LinearLab>(window, command);
    settle(window);
}

fn trained(less: usize) -> (Window, TempDir) {
    let (mut window, folder) = laboratory(less);
    ask(&mut window, LinearCommand::SetForm(Box::new(small())));
    window.get_by_label("Train").click();
    settle(&mut window);
    assert_eq!(errors(&window), Vec::<String>::new());
    (window, folder)
}

fn studied(window: &Window) -> Arc<Studied> {
    let known = linear_of(window).studied(now(window)).cloned();
    known.expect("a study")
}

#[test]
fn groups_are_named_for_the_data_and_told_apart() {
    let (mut window, _folder) = laboratory(31);
    // Two frequent words of the captions, to begin with.
    let groups = linear_of(&window).form.groups.clone();
    assert!(groups.iter().all(|group| !group.title().is_empty()));
    assert_ne!(groups[0], groups[1]);
    ask(&mut window, LinearCommand::SetForm(Box::new(small())));
    window.get_by_label("Train").click();
    settle(&mut window);
    let found = studied(&window);
    assert_eq!(found.study.sizes(), [14, 14]);
    assert!(found.study.is_separable());
    window.get_by_label(&headline(&found.study));
    // Every line says its figures; each is the best in its own norm.
    for (n, line) in found.methods.iter().enumerate() {
        let own = line.own.unwrap();
        let fraction = line.classifier.fraction[own.index()].unwrap();
        assert!(
            fraction > 0.8 && fraction < 1.0 + 1e-9,
            "{} {fraction}",
            line.title
        );
        for (m, other) in found.methods.iter().enumerate() {
            if m != n {
                assert!(other.classifier.fraction[own.index()].unwrap() < fraction);
            }
        }
        let l2 = percent(line.classifier.fraction[Norm::L2.index()].unwrap());
        assert!(says(&window, &format!("{}: l2 {l2}", line.title)));
    }
    let best = found.study.best(Norm::L2).unwrap();
    assert!(best.gap.abs() < 1e-6 * best.value);
    // Another picture, another classifier.
    ask(&mut window, LinearCommand::ChooseRow(15));
    ask(&mut window, LinearCommand::Choose(2));
    let worst = linear_of(&window).worst(now(&window)).cloned().unwrap();
    assert_eq!((worst.row, worst.of), (15, (Shown::Methods, 2)));
    let radii = found
        .study
        .problem
        .radii(&found.methods[2].classifier.weights, Norm::L1);
    assert_eq!(worst.radii[Norm::L1.index()], radii.unwrap()[15]);
    assert!(worst.drawn.is_some());
}

#[test]
fn attacks_agree_with_the_exact_radius() {
    let (mut window, _folder) = trained(32);
    window.get_by_label("Attack it").click();
    settle(&mut window);
    assert_eq!(errors(&window), Vec::<String>::new());
    let attacked = linear_of(&window).attacked(now(&window)).cloned().unwrap();
    assert!(!attacked.found.is_empty());
    for found in &attacked.found {
        assert_eq!(found.agreement(), Agreement::Confirmed, "{found:?}");
    }
    assert!(says(&window, "none beats it"));
    // They are of this classifier alone.
    ask(&mut window, LinearCommand::Choose(1));
    assert!(linear_of(&window).attacked(now(&window)).is_none());
}

#[test]
fn settings_that_changed_and_groups_that_cannot_be_are_told() {
    let (mut window, _folder) = trained(33);
    assert!(!says(&window, "Not trained yet"));
    let mut form = small();
    form.steps = 10;
    form.groups = ["heart", "circle"].map(|word| Group::Words(word.into()));
    ask(&mut window, LinearCommand::SetForm(Box::new(form.clone())));
    assert!(says(&window, "Not trained yet"));
    assert!(says(&window, "3,000 steps"));
    // Few steps are told as such.
    ask(&mut window, LinearCommand::Study);
    assert!(!says(&window, "Not trained yet"));
    assert!(says(&window, "They go on towards it with more steps"));
    form.groups[1] = Group::Words("unicorn".into());
    ask(&mut window, LinearCommand::SetForm(Box::new(form.clone())));
    ask(&mut window, LinearCommand::Study);
    assert!(log_has(&window, "image is in the group \"unicorn\""));
    // What was found stays.
    assert_eq!(studied(&window).titles[1], "circle");
    form.groups = ["dark", "dark"].map(|word| Group::Words(word.into()));
    ask(&mut window, LinearCommand::SetForm(Box::new(form)));
    ask(&mut window, LinearCommand::Study);
    assert!(log_has(&window, "in the other group too"));
}

#[test]
fn sets_are_groups_and_embeddings_rows_beside_the_captions() {
    let (mut window, _folder) = laboratory(34);
    for (name, images) in [("left", 0..20), ("right", 30..50)] {
        let keep = SetsCommand::Keep(name.into(), images.collect());
        perform(&mut window, Command::Sets(keep));
    }
    settle(&mut window);
    let form = Form {
        groups: ["left", "right"].map(|name| Group::Set(name.into())),
        on: On::Embeddings,
        methods: vec![Method::Gd],
        steps: 500,
        penalties: "0.1".into(),
        ..small()
    };
    ask(&mut window, LinearCommand::SetForm(Box::new(form)));
    ask(&mut window, LinearCommand::Study);
    assert_eq!(errors(&window), Vec::<String>::new());
    let found = studied(&window);
    assert_eq!(found.on, On::Embeddings);
    assert_eq!(found.images.len(), 28);
    assert_eq!(found.methods.last().unwrap().title, "Captions");
    if found.study.is_separable() {
        assert_eq!(found.penalties.len(), 4);
        click(&mut window, "Penalties");
        assert_eq!(linear_of(&window).shown, Shown::Penalties);
    }
    // A set that is gone is told.
    perform(
        &mut window,
        Command::Sets(SetsCommand::Delete("left".into())),
    );
    settle(&mut window);
    ask(&mut window, LinearCommand::Study);
    assert!(log_has(&window, "there is no set \"left\""));
    // Another encoder has other embeddings: the study is gone with them.
    perform(&mut window, Command::Embed);
    settle(&mut window);
}

#[test]
fn rows_are_moved_beside_what_they_were() {
    let (mut window, folder) = trained(37);
    click(&mut window, "Robust dataset");
    assert_eq!(linear_of(&window).page, Page::Dataset);
    assert!(says(&window, "No rows moved yet"));
    // The radius to begin with is the largest margin.
    let best = studied(&window).study.best(Norm::Linf).unwrap().value;
    let mut asked = linear_of(&window).moving.clone();
    assert!((asked.radius - best).abs() < 0.06 * best, "{best}");
    click(&mut window, "Move rows and compare");
    settle(&mut window);
    assert_eq!(errors(&window), Vec::<String>::new());
    let moved = linear_of(&window).moved(now(&window)).cloned().unwrap();
    assert!(says(&window, &moving::headline(&moved.found)));
    assert_eq!(moved.drawn.len(), 8);
    let first = &moved.found.splits[0].moved;
    assert!(first.largest() > 0.0 && first.largest() <= asked.radius + 1e-12);
    // Other settings are told as not done yet; another norm has a radius of its own.
    let of_l2 = studied(&window).radius(Norm::L2);
    let best = studied(&window).study.best(Norm::L2).unwrap().value;
    assert!((of_l2 - best).abs() < 0.06 * best, "{of_l2} {best}");
    let other = Asked {
        norm: Norm::L2,
        radius: of_l2,
        ..asked.clone()
    };
    ask(&mut window, LinearCommand::SetMoving(other));
    assert!(says(&window, "Not moved yet as the settings say"));
    ask(
        &mut window,
        LinearCommand::ExportTo(Kind::Rows, folder.path().join("r.npy")),
    );
    for name in ["r.npy", "r-labels.npy", "r-rows.npy"] {
        assert!(folder.path().join(name).is_file(), "{name}");
    }
    // Cancelled at once, what was found stays.
    asked.steps = Asked::MOST_STEPS;
    asked.seeds = Asked::MOST_SEEDS;
    perform_of::<LinearLab>(&mut window, LinearCommand::SetMoving(asked));
    perform_of::<LinearLab>(&mut window, LinearCommand::Move);
    window.run_steps(2);
    click(&mut window, "Cancel moving");
    settle(&mut window);
    let kept = linear_of(&window).moved(now(&window)).cloned().unwrap();
    assert!(Arc::ptr_eq(&kept, &moved));
    // Another study has other rows.
    ask(&mut window, LinearCommand::Study);
    assert!(linear_of(&window).moved(now(&window)).is_none());
    assert!(says(&window, "No rows moved yet"));
}

#[test]
fn a_study_is_written() {
    let (mut window, folder) = trained(35);
    let path = |name: &str| folder.path().join(name);
    for (kind, name) in [
        (Kind::Curves, "c.csv"),
        (Kind::History, "h.csv"),
        (Kind::Figures, "f.json"),
        (Kind::Drawing, "d.svg"),
        (Kind::Model, "m.onnx"),
    ] {
        ask(&mut window, LinearCommand::ExportTo(kind, path(name)));
        assert!(path(name).is_file(), "{name}");
    }
    assert_eq!(errors(&window), Vec::<String>::new());
    let figures = std::fs::read(path("f.json")).unwrap();
    let figures: serde_json::Value = serde_json::from_slice(&figures).unwrap();
    assert_eq!(figures["separable"], true);
    assert_eq!(figures["runs"].as_array().unwrap().len(), 3);
    let command = figures["command"].as_str().unwrap();
    assert!(command.contains("--first 'dark' --second 'white' --on pixels:10"));
    ask(
        &mut window,
        LinearCommand::ExportTo(Kind::Model, path("m.csv")),
    );
    assert!(log_has(&window, "does not end as such a file does"));
}

#[test]
fn the_tour_trains_and_the_laboratory_looks_as_it_did() {
    let (mut window, _folder) = laboratory(36);
    look::snapshot(&mut window, "linear-start");
    let mut form = small();
    form.methods = Method::ALL.to_vec();
    ask(&mut window, LinearCommand::SetForm(Box::new(form)));
    window.get_by_label("Tour").click();
    settle(&mut window);
    click(&mut window, "Train and go on");
    settle(&mut window);
    look::snapshot(&mut window, "linear-tour");
    click(&mut window, "Leave");
    look::snapshot(&mut window, "linear");
    perform(&mut window, Command::SetTheme(ThemeChoice::Light));
    look::snapshot(&mut window, "linear-light");
}
