//! The learning laboratory, driven by role and label.

use super::*;
use nearmiss::desktop::attack::Attack;
use nearmiss::desktop::core::{Command, HeldOut};
use nearmiss::desktop::feature::Feature;
use nearmiss::desktop::learning::{Command as LearningCommand, Form, GroupBy, Learning, Quantity};
use nearmiss::learn::{ClientsBy, Finish, OptimizerKind};
use tempfile::TempDir;

/// The demo without its last `less` images: runs are kept by their embeddings, and so each test has those of its own.
pub fn demo_without(less: usize) -> (Window, TempDir) {
    let demo = nearmiss::source::demo_folder().unwrap();
    let text = std::fs::read_to_string(demo.join("metadata.jsonl")).unwrap();
    let rows: Vec<&str> = text.lines().collect();
    let folder = tempfile::tempdir().unwrap();
    let data = demo.join(format!("less-{less}.jsonl"));
    std::fs::write(&data, rows[..rows.len() - 3 * less].join("\n")).unwrap();
    let workspace = folder.path().join("workspace.json");
    let value = serde_json::json!({
        "version": 1, "data": { "path": data }, "encoder": "demo", "margin": 0.2,
    });
    std::fs::write(&workspace, value.to_string()).unwrap();
    (open(&workspace), folder)
}

/// The laboratory on such data.
pub fn laboratory(less: usize) -> (Window, TempDir) {
    let (mut window, folder) = demo_without(less);
    click(&mut window, "Learning");
    assert_eq!(session(&window).tab, Learning::TAB);
    ask(&mut window, LearningCommand::SetForm(Box::new(small())));
    let ids = ids(&window);
    ask(&mut window, LearningCommand::Delete(ids));
    (window, folder)
}

pub fn ids(window: &Window) -> Vec<String> {
    let runs = learning_of(window).runs(now(window));
    runs.iter().map(|kept| kept.id.clone()).collect()
}

/// SH and MH, two seeds, in some seconds without optimization.
pub fn small() -> Form {
    let mut form = Form {
        losses: ["sh", "mh"].map(|name| name.parse().unwrap()).to_vec(),
        rates: "2e-3".into(),
        seeds: 2,
        held_out: HeldOut::Ranges {
            train: 0..200,
            valid: 200..260,
        },
        ..Form::default()
    };
    form.rest.head.outputs = 16;
    form.rest.batch = 48;
    form.rest.epochs = 3;
    form
}

pub fn ask(window: &mut Window, command: LearningCommand) {
    perform_of::<Learning>(window, command);
    settle(window);
}

fn trained(less: usize) -> (Window, TempDir) {
    let (mut window, folder) = laboratory(less);
    window.get_by_label("Train 4 runs").click_accesskit();
    settle(&mut window);
    assert_eq!(errors(&window), Vec::<String>::new());
    (window, folder)
}

#[test]
fn two_losses_train_and_are_told_in_a_sentence_that_holds() {
    let (mut window, _folder) = trained(1);
    let state = learning_of(&window);
    assert_eq!(state.runs(now(&window)).len(), 4);
    assert_eq!(state.groups().len(), 2);
    for kept in state.runs(now(&window)) {
        assert_eq!(kept.run.finish, Finish::Finished);
    }
    // The sentence names both, and says whether two seeds settle it.
    let sentence = nearmiss::learn::headline(state.groups(), state.figure);
    assert!(
        sentence.contains("MH is") && sentence.contains("SH by"),
        "{sentence}"
    );
    assert!(sentence.contains("by two seeds"), "{sentence}");
    window.get_by_label(&sentence);
    window.get_by_label("Hardest negatives of the batch");
    window.get_by_label("What changed rank");
    // Other figures, other curves.
    click(&mut window, "T→I");
    click(&mut window, "Seconds");
    window.get_by_label("Loss").click();
    settle(&mut window);
    assert_eq!(learning_of(&window).quantity, Quantity::Loss);
    assert_eq!(errors(&window), Vec::<String>::new());
}

#[test]
fn runs_are_kept_for_their_embeddings_and_can_be_taken_away() {
    let (mut window, folder) = trained(2);
    let ids = ids(&window);
    // Opened again, they are there again, as they were.
    let before: Vec<_> = learning_of(&window).runs(now(&window)).to_vec();
    perform(
        &mut window,
        Command::OpenPath(folder.path().join("workspace.json")),
    );
    settle(&mut window);
    click(&mut window, "Learning");
    settle(&mut window);
    let again = learning_of(&window).runs(now(&window)).to_vec();
    assert_eq!(self::ids(&window), ids);
    for (a, b) in before.iter().zip(&again) {
        assert_eq!(a.run.learned, b.run.learned);
        for (a, b) in a.run.points.iter().zip(&b.run.points) {
            assert_eq!((a.step, &a.ranks, &a.hard), (b.step, &b.ranks, &b.hard));
        }
    }
    ask(&mut window, LearningCommand::Delete(ids[..2].to_vec()));
    assert_eq!(learning_of(&window).runs(now(&window)).len(), 2);
    assert_eq!(learning_of(&window).groups().len(), 1);
}

#[test]
fn a_run_that_is_stopped_can_go_on() {
    let (mut window, _folder) = laboratory(3);
    let mut form = small();
    form.losses.truncate(1);
    form.seeds = 1;
    form.rest.epochs = 100_000;
    ask(&mut window, LearningCommand::SetForm(Box::new(form)));
    perform_of::<Learning>(&mut window, LearningCommand::Train);
    for _ in 0..400 {
        window.step();
        let running = learning_of(&window).running.as_ref();
        if running.is_some_and(|running| running.run.points.len() > 2) {
            break;
        }
        std::thread::sleep(std::time::Duration::from_millis(25));
    }
    assert!(
        learning_of(&window).running.is_some(),
        "no step was taken in ten seconds"
    );
    window.get_by_label("Stop").click_accesskit();
    settle(&mut window);
    let state = learning_of(&window);
    let kept = state.runs(now(&window))[0].clone();
    assert_eq!(kept.run.finish, Finish::Stopped);
    assert!(kept.run.steps() > 0 && state.running.is_none());
    assert_eq!(errors(&window), Vec::<String>::new());
}

#[test]
fn what_was_learned_opens_as_an_encoder_that_can_be_attacked() {
    let (mut window, _folder) = trained(4);
    let last = {
        let state = learning_of(&window);
        let kept = state.runs(now(&window)).last().unwrap();
        kept.run.last().unwrap().valid
    };
    window.get_by_label("Open as encoder").click_accesskit();
    settle(&mut window);
    assert_eq!(errors(&window), Vec::<String>::new());
    let encoder = session(&window).encoder().expect("an encoder").clone();
    assert!(encoder.name.contains("mh"), "{}", encoder.name);
    // Its embeddings are those of the head: 16 values.
    assert_eq!(session(&window).embedded().unwrap().images.dim(), 16);
    // Recall on the 60 images held out, of all of them: no better than among the 60 alone.
    let ranks = &session(&window)
        .evaluation()
        .unwrap()
        .direction(nearmiss::retrieval::Side::Image)
        .ranks;
    let first = ranks[200..260].iter().filter(|&&rank| rank == 1).count();
    assert!(100.0 * first as f64 / 60.0 <= last.i2t[0] + 1e-9);
    // The runs were of other embeddings, and are not shown for these.
    click(&mut window, "Learning");
    assert!(learning_of(&window).groups().is_empty());
    // Its gradients are there.
    perform(
        &mut window,
        Command::AttackPair {
            image: 0,
            caption: None,
        },
    );
    settle(&mut window);
    assert_eq!(session(&window).tab, Attack::TAB);
    attack::press_attack(&mut window);
    settle(&mut window);
    assert_eq!(errors(&window), Vec::<String>::new());
}

#[test]
fn a_form_that_trains_nothing_says_so_and_offers_no_button() {
    let (mut window, _folder) = laboratory(5);
    let mut form = small();
    form.rates = "fast".into();
    ask(&mut window, LearningCommand::SetForm(Box::new(form)));
    window.get_by_label("\"fast\" is no learning rate");
    assert!(window.query_by_label("Train 4 runs").is_none());
    let mut form = small();
    form.held_out = HeldOut::Ranges {
        train: 0..230,
        valid: 200..260,
    };
    ask(&mut window, LearningCommand::SetForm(Box::new(form)));
    perform_of::<Learning>(&mut window, LearningCommand::Train);
    settle(&mut window);
    let said = errors(&window).join(" ");
    assert!(
        said.contains("trained on and validated on")
            || log_has(&window, "trained on and validated on")
    );
    assert!(learning_of(&window).runs(now(&window)).is_empty());
}

#[test]
fn the_laboratory_looks_as_it_did() {
    let (mut window, _folder) = laboratory(9);
    look::snapshot(&mut window, "learning-start");
    let mut form = small();
    // MH may choose another maximum where scores are equal but for rounding.
    form.losses = ["sh", "infonce"].map(|name| name.parse().unwrap()).to_vec();
    form.rates = "2e-3, 1e-2".into();
    ask(&mut window, LearningCommand::SetForm(Box::new(form)));
    ask(&mut window, LearningCommand::Train);
    look::snapshot(&mut window, "learning");
    perform(&mut window, Command::SetTheme(ThemeChoice::Light));
    look::snapshot(&mut window, "learning-light");
    perform(&mut window, Command::SetTheme(ThemeChoice::Dark));
    window.get_by_label("Tour").click();
    settle(&mut window);
    look::snapshot(&mut window, "learning-tour");
}

pub fn log_has(window: &Window, words: &str) -> bool {
    session(window)
        .log
        .iter()
        .any(|entry| entry.text.contains(words))
}

#[test]
fn groups_are_drawn_from_and_the_worst_of_them_is_told() {
    let (mut window, _folder) = laboratory(10);
    let mut form = Form {
        losses: vec!["mh".parse().unwrap()],
        policies: ["uniform", "expand"]
            .map(|name| name.parse().unwrap())
            .to_vec(),
        ..small()
    };
    ask(
        &mut window,
        LearningCommand::SetForm(Box::new(form.clone())),
    );
    // Without groups it says what is missing, and trains nothing.
    window.get_by_label("the policy \"expand\" draws from groups of captions, and there are none");
    form.groups = [GroupBy::Words("circle".into()), GroupBy::Nothing];
    form.rest.expansion.warm = 1;
    ask(&mut window, LearningCommand::SetForm(Box::new(form)));
    window.get_by_label("Balanced");
    window.get_by_label("Train 4 runs").click_accesskit();
    settle(&mut window);
    assert_eq!(errors(&window), Vec::<String>::new());
    let runs = learning_of(&window).runs(now(&window)).to_vec();
    assert_eq!(runs.len(), 4);
    for kept in &runs {
        let about = kept.run.grouped.as_ref().unwrap();
        assert_eq!(about.names, ["circle", "not circle"]);
        assert!(
            kept.run
                .points
                .iter()
                .all(|point| point.by_group.len() == 2)
        );
    }
    // Both stand in one panel, each with its worst group.
    window.get_by_label("The worst group");
    let told = window
        .get_all_by_label_contains("% of the worst group (on average")
        .count();
    assert_eq!(told, 2);
    let ids = vec![runs[2].id.clone(), runs[3].id.clone()];
    assert_eq!(runs[2].run.setup.policy.name(), "expand");
    ask(&mut window, LearningCommand::GoOn(ids.clone(), 2));
    assert_eq!(errors(&window), Vec::<String>::new());
    let state = learning_of(&window);
    let on = state.run(now(&window), &ids[0]).unwrap();
    assert_eq!(on.run.setup.epochs, 5);
    assert_eq!(on.run.epochs().count(), 5);
    assert!(on.run.legs.is_empty(), "{:?}", on.run.notes);
}

#[test]
fn clients_train_and_what_they_would_send_is_told() {
    let (mut window, _folder) = laboratory(11);
    let mut form = Form {
        losses: vec!["infonce".parse().unwrap()],
        rates: "1e-2".into(),
        ..small()
    };
    form.rest.batch = 16;
    form.rest.optimizer.kind = OptimizerKind::FedLalr;
    form.rest.federation.clients = 3;
    form.rest.federation.sync = 4;
    form.rest.federation.by = ClientsBy::Groups;
    ask(
        &mut window,
        LearningCommand::SetForm(Box::new(form.clone())),
    );
    // Without groups it says what is missing, and trains nothing.
    window.get_by_label("clients are to hold groups of captions, and there are none");
    form.rest.federation.by = ClientsBy::Dirichlet(0.5);
    ask(&mut window, LearningCommand::SetForm(Box::new(form)));
    window.get_by_label("meet every");
    window.get_by_label("Train 2 runs").click_accesskit();
    settle(&mut window);
    assert_eq!(errors(&window), Vec::<String>::new());
    let runs = learning_of(&window).runs(now(&window)).to_vec();
    let last = runs[0].run.last().unwrap().exchange;
    assert_eq!(runs.len(), 2);
    assert_eq!(last.rounds, runs[0].run.steps().div_ceil(4));
    window.get_by_label("Clients, simulated");
    let told = format!("{} rounds: ", last.rounds);
    assert_eq!(window.get_all_by_label_contains(&told).count(), 1);
    click(&mut window, "Rounds");
    click(&mut window, "MB sent");
    assert_eq!(errors(&window), Vec::<String>::new());
    // The cheap baseline stands beside them.
    window
        .get_by_label("Random features beside")
        .click_accesskit();
    settle(&mut window);
    assert_eq!(errors(&window), Vec::<String>::new());
    window.get_by_label("Random features");
    let pairs = runs[0].run.pairs;
    let told = format!("% after {pairs} pairs, each once");
    assert_eq!(window.get_all_by_label_contains(&told).count(), 1);
    look::snapshot(&mut window, "learning-clients");
}

#[test]
fn the_plan_of_friendly_training_is_told_and_its_runs_stand_beside_the_plain_ones() {
    let (mut window, _folder) = laboratory(14);
    let mut form = Form {
        losses: vec!["mh".parse().unwrap()],
        policies: ["uniform", "friendly"]
            .map(|name| name.parse().unwrap())
            .to_vec(),
        ..small()
    };
    form.rest.friendly.radius = 0.4;
    ask(&mut window, LearningCommand::SetForm(Box::new(form)));
    window.get_by_label_contains(
        "move by 0.4 at most at the start, by 0.1 at 25 % of the run, and not at all from 50 % on",
    );
    window.get_by_label("Radius of friendly training");
    click(&mut window, "Train 4 runs");
    assert_eq!(errors(&window), Vec::<String>::new());
    let runs = learning_of(&window).runs(now(&window)).to_vec();
    let steps: Vec<u64> = runs.iter().map(|kept| kept.run.steps()).collect();
    assert!(steps.len() == 4 && steps.iter().all(|own| *own == steps[0]));
    assert!(says(
        &window,
        "MH, friendly (radius 0.4, 3 steps, to 0 at 50 %)"
    ));
}
