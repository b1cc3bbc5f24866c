//! The laboratory of gradient groups, driven by role and label.

use super::learning::{demo_without, log_has};
use super::*;
use nearmiss::desktop::core::{Command, HeldOut};
use nearmiss::desktop::feature::Feature;
use nearmiss::desktop::learning::{Command as LearningCommand, Learning};
use nearmiss::desktop::map::MapView;
use nearmiss::desktop::negatives::Negatives;
use nearmiss::desktop::strata::{
    Command as StrataCommand, Drawing, Form, Heads, Kind, Sort, StrataLab, Surveyed,
};
use nearmiss::learn::survey::words::headline;
use std::sync::Arc;
use tempfile::TempDir;

/// Groups in some seconds without optimization.
fn small() -> Form {
    Form {
        counts: "4, 12".into(),
        outputs: 8,
        restarts: 2,
        held_out: HeldOut::Ranges {
            train: 0..120,
            valid: 120..160,
        },
        ..Form::default()
    }
}

fn laboratory(less: usize) -> (Window, TempDir) {
    let (mut window, folder) = demo_without(less);
    click(&mut window, "Strata");
    assert_eq!(session(&window).tab, StrataLab::TAB);
    ask(&mut window, StrataCommand::SetForm(Box::new(small())));
    (window, folder)
}

pub fn grouped(less: usize) -> (Window, TempDir) {
    let (mut window, folder) = laboratory(less);
    click(&mut window, "Group the pairs");
    settle(&mut window);
    assert_eq!(errors(&window), Vec::<String>::new());
    (window, folder)
}

fn ask(window: &mut Window, command: StrataCommand) {
    perform_of::<StrataLab>(window, command);
    settle(window);
}

fn surveyed(window: &Window) -> Arc<Surveyed> {
    let known = strata_of(window).surveyed(now(window)).cloned();
    known.expect("groups")
}

#[test]
fn groups_are_shown_with_a_sentence_that_holds() {
    let (mut window, _folder) = grouped(21);
    let found = surveyed(&window);
    assert_eq!(found.survey.pairs(), 360);
    let (_, at) = found.at(12).unwrap();
    assert_eq!(strata_of(&window).count(), 12);
    window.get_by_label(&headline(at));
    let own = &at.gradient().variances;
    let below = own.above_uniform(own.stratified).unwrap();
    assert!(below < 0.0);
    let told = format!("gradients −{:.1} %", -100.0 * below);
    window.get_by_label(&told);
    // Another number, another order, other draws.
    ask(&mut window, StrataCommand::SetCount(4));
    assert_eq!(strata_of(&window).count(), 4);
    window.get_by_label(&headline(found.at(4).unwrap().1));
    ask(&mut window, StrataCommand::SetCount(12));
    click(&mut window, "Size");
    let state = strata_of(&window);
    assert_eq!(state.sort, Sort::Size);
    let sizes: Vec<usize> = state.order().iter().map(|&k| at.groups[k].pairs).collect();
    assert!(sizes.is_sorted_by(|a, b| a >= b));
    assert_eq!(sizes.iter().sum::<usize>(), 360);
    click(&mut window, "In proportion");
    assert_eq!(strata_of(&window).drawing, Drawing::InProportion);
    let below = own.above_uniform(own.proportional).unwrap();
    window.get_by_label(&format!("gradients −{:.1} %", -100.0 * below));
}

#[test]
fn settings_that_changed_since_are_told() {
    let (mut window, _folder) = grouped(22);
    assert!(!says(&window, "Not grouped yet"));
    click(&mut window, "Exact");
    assert!(says(&window, "Not grouped yet"));
    assert!(says(&window, "Below: signal gradients"));
    window.get_by_label("Group").click();
    settle(&mut window);
    assert!(!says(&window, "Not grouped yet"));
    let rows = strata_of(&window).rows(now(&window)).to_vec();
    assert_eq!(rows.len(), 2);
    let mut form = small();
    form.counts = "many".into();
    ask(&mut window, StrataCommand::SetForm(Box::new(form)));
    perform_of::<StrataLab>(&mut window, StrataCommand::Group);
    settle(&mut window);
    assert!(log_has(&window, "is no number of groups"));
    // Nothing is lost by it.
    assert_eq!(surveyed(&window).survey.asked.form.name(), "exact");
    // Another set of data takes the groups away.
    perform(&mut window, Command::OpenPath("nowhere.json".into()));
    settle(&mut window);
    assert!(strata_of(&window).surveyed(now(&window)).is_some());
}

#[test]
fn a_group_is_a_set_and_is_found_on_the_map_and_among_negatives() {
    let (mut window, _folder) = grouped(23);
    let found = surveyed(&window);
    let group = strata_of(&window).order()[1];
    ask(&mut window, StrataCommand::Choose(group));
    let images = found.pictures[1][group].clone();
    click(&mut window, "Make a set");
    settle(&mut window);
    let named = &session(&window).sets.named;
    let kept = named.values().any(|set| {
        let all: Vec<u32> = set.iter().copied().collect();
        let mut images = images.clone();
        images.sort_unstable();
        all == images
    });
    assert!(kept, "{named:?}");
    assert!(session(&window).sets.marked.is_empty());
    perform(&mut window, Command::ShowOnMap(images.clone()));
    settle(&mut window);
    assert_eq!(session(&window).tab, MapView::TAB);
    assert_eq!(map_of(&window).chosen(session(&window)), images);
    perform(&mut window, Command::ShowNegatives(images[0]));
    settle(&mut window);
    assert_eq!(session(&window).tab, Negatives::TAB);
}

#[test]
fn groups_are_written_and_a_share_is_kept() {
    let (mut window, folder) = grouped(24);
    let path = |name: &str| folder.path().join(name);
    ask(&mut window, StrataCommand::SetKept(0.5));
    for (kind, name) in [
        (Kind::Strata, "s.csv"),
        (Kind::Groups, "g.csv"),
        (Kind::Figures, "f.json"),
        (Kind::Drawing, "d.svg"),
        (Kind::Reduced, "kept.jsonl"),
    ] {
        ask(&mut window, StrataCommand::ExportTo(kind, path(name)));
        assert!(path(name).is_file(), "{name}");
    }
    assert_eq!(errors(&window), Vec::<String>::new());
    let figures = std::fs::read(path("f.json")).unwrap();
    let figures: serde_json::Value = serde_json::from_slice(&figures).unwrap();
    assert_eq!(figures["pairs"], 360);
    let command = figures["command"].as_str().unwrap();
    assert!(command.contains("--k 4,12 --form signal --dim 8 --restarts 2"));
    let kept = nearmiss::source::open_dataset(
        &path("kept.jsonl"),
        &nearmiss::dataset::Wanted::default(),
        &nearmiss::task::Task::detached(),
    );
    let rows = std::fs::read_to_string(path("kept.weights.csv")).unwrap();
    assert_eq!(rows.lines().count(), 181);
    assert!(kept.is_ok_and(|kept| kept.captions.len() == 180));
    // An ending that says something else is refused.
    ask(
        &mut window,
        StrataCommand::ExportTo(Kind::Strata, path("s.png")),
    );
    assert!(log_has(&window, "does not end as such a file does"));
}

#[test]
fn groups_are_made_at_the_heads_of_a_run_and_measured_along_it() {
    let (mut window, _folder) = laboratory(25);
    let mut form = learning::small();
    form.losses.truncate(1);
    form.seeds = 1;
    let ids = learning::ids(&window);
    perform_of::<Learning>(&mut window, LearningCommand::Delete(ids));
    settle(&mut window);
    perform_of::<Learning>(&mut window, LearningCommand::SetForm(Box::new(form)));
    perform_of::<Learning>(&mut window, LearningCommand::Train);
    settle(&mut window);
    click(&mut window, "Retrieval");
    click(&mut window, "Strata");
    settle(&mut window);
    let runs = strata_of(&window).runs.get(now(&window)).unwrap();
    let id = runs.last().unwrap().id.clone();
    let form = Form {
        heads: Heads::Run(id),
        ..small()
    };
    ask(&mut window, StrataCommand::SetForm(Box::new(form)));
    ask(&mut window, StrataCommand::Group);
    assert_eq!(errors(&window), Vec::<String>::new());
    assert!(surveyed(&window).moment.starts_with("after SH"));
    ask(&mut window, StrataCommand::Along);
    let along = strata_of(&window).along.get(now(&window)).cloned().unwrap();
    assert_eq!(along.points.len(), 4);
    assert!(along.notes.is_empty(), "{:?}", along.notes);
}

#[test]
fn the_tour_groups_and_the_laboratory_looks_as_it_did() {
    let (mut window, _folder) = laboratory(26);
    look::snapshot(&mut window, "strata-start");
    window.get_by_label("Tour").click();
    settle(&mut window);
    click(&mut window, "Group and go on");
    settle(&mut window);
    assert!(strata_of(&window).surveyed(now(&window)).is_some());
    look::snapshot(&mut window, "strata-tour");
    click(&mut window, "Leave");
    look::snapshot(&mut window, "strata");
    perform(&mut window, Command::SetTheme(ThemeChoice::Light));
    look::snapshot(&mut window, "strata-light");
}
