//! The log of runs: what was run with which settings, and again.

use super::*;
use egui_kittest::kittest::NodeT as _;
use nearmiss::desktop::core::{Command, DataSource, Ran, Standing, Workspace};
use nearmiss::desktop::negatives::{Command as Mine, Negatives, NegativesPlan};

/// The runs of this kind, oldest first.
fn runs(window: &Window, what: &str) -> Vec<Ran> {
    let all = session(window).runs.all().iter();
    all.filter(|ran| ran.begun.what == what).cloned().collect()
}

fn figure(ran: &Ran) -> &str {
    match &ran.standing {
        Standing::Done(figure) => figure,
        other => panic!("{other:?}"),
    }
}

/// The button that runs the newest of this kind again.
fn again(window: &Window, what: &str) -> (String, bool) {
    let name = format!("Again: {what}");
    let mut found = window.query_all_by_label_contains(&name);
    let button = found.next().expect("a button");
    let node = button.accesskit_node();
    (node.label().expect("a name"), node.is_disabled())
}

#[test]
fn an_evaluation_is_listed_with_settings_and_figure_and_runs_again() {
    let mut window = demo();
    let report = session(&window)
        .evaluation()
        .expect("ranked")
        .report
        .clone();
    click(&mut window, "Log");
    let first = runs(&window, "Evaluation").pop().expect("listed");
    let rsum = format!("rsum {:.1}", report.rsum);
    assert!(figure(&first).contains(&rsum), "{first:?}");
    for text in ["full set", "margin 0.20", "by cosine"] {
        assert!(first.begun.settings.contains(text), "{text} in {first:?}");
        assert!(says(&window, text), "{text}");
    }
    assert!(says(&window, &rsum) && says(&window, "Embedding"));
    // Other folds: again brings the old ones back.
    perform(&mut window, Command::SetFold(Some(100)));
    settle(&mut window);
    let folds = runs(&window, "Evaluation").pop().expect("listed");
    assert!(folds.begun.settings.contains("folds of 100 images"));
    assert_ne!(figure(&folds), figure(&first));
    click(&mut window, "Log");
    perform(&mut window, Command::Again(first.id));
    settle(&mut window);
    assert_eq!(session(&window).workspace.fold, None);
    let all = runs(&window, "Evaluation");
    assert_eq!(all.len(), 3);
    assert_eq!(figure(&all[2]), figure(&first));
    assert_eq!(session(&window).tab.title, "Retrieval");
}

#[test]
fn mining_runs_again_with_its_settings_by_one_click() {
    let mut window = demo();
    click(&mut window, "Negatives");
    let first = runs(&window, "Mining").pop().expect("mined");
    let usual = NegativesPlan::default();
    let mut plan = usual;
    plan.side = Side::Text;
    plan.options.k = 3;
    perform_of::<Negatives>(&mut window, Mine::SetPlan(plan));
    settle(&mut window);
    let second = runs(&window, "Mining").pop().expect("mined");
    assert!(
        second
            .begun
            .settings
            .contains("captions look for images, 3 each")
    );
    assert_ne!(figure(&first), figure(&second));
    click(&mut window, "Log");
    let copied = drive::copied_text(
        &mut window,
        "Mining, demo",
        "Copy the row as tab-separated values",
    );
    assert!(
        copied.contains("captions look for images, 3 each"),
        "{copied}"
    );
    // The newest is listed first; the one below it is the first that was run.
    click(&mut window, "Again: Mining, images");
    assert_eq!(session(&window).tab.title, "Negatives");
    assert_eq!(negatives_of(&window).plan, usual);
    let all = runs(&window, "Mining");
    assert_eq!((all.len(), figure(&all[2])), (3, figure(&first)));
}

#[test]
fn an_attack_runs_again_with_its_settings_on_its_picture() {
    let mut window = demo();
    let pair = Command::BreakPair {
        image: 3,
        caption: None,
    };
    perform(&mut window, pair);
    settle(&mut window);
    let first = runs(&window, "Attack").pop().expect("attacked");
    let name = session(&window).dataset().expect("open").images[3]
        .name
        .clone();
    assert!(first.begun.settings.contains(&name), "{first:?}");
    let last = |window: &Window| lab_of(window).last(now(window)).expect("done").clone();
    let result = last(&window).result;
    assert!(figure(&first).contains(&format!("from rank {} to", result.before.rank)));
    // Another picture is looked at, and the form says something else.
    perform(&mut window, Command::Query(Query::Row(Side::Image, 7)));
    let mut settings = lab_of(&window).settings.clone();
    settings.threat.eps = 1.0 / 255.0;
    let other = nearmiss::desktop::attack::Command::SetSettings(Box::new(settings));
    perform_of::<nearmiss::desktop::attack::Attack>(&mut window, other);
    settle(&mut window);
    perform(&mut window, Command::Again(first.id));
    settle(&mut window);
    let again = last(&window).result;
    assert_eq!((again.image, &again.settings), (3, &result.settings));
    assert_eq!(
        again.adversarial, result.adversarial,
        "the same, from the same seed"
    );
    assert_eq!(runs(&window, "Attack").len(), 2);
}

#[test]
fn what_is_not_open_any_more_is_not_run_again_and_says_why() {
    let mut window = demo();
    click(&mut window, "Log");
    assert!(!again(&window, "Evaluation").1);
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(
        folder.path().join("captions.csv"),
        "image,caption\na.png,a dog\n",
    )
    .unwrap();
    image::RgbImage::new(8, 8)
        .save(folder.path().join("a.png"))
        .unwrap();
    let other = Workspace {
        data: Some(DataSource::at(folder.path().join("captions.csv"))),
        ..Workspace::demo()
    };
    perform(&mut window, Command::OpenWorkspace(Box::new(other), None));
    settle(&mut window);
    let before = runs(&window, "Evaluation");
    let old = &before[0];
    let why = old.refused(now(&window)).expect("refused");
    assert!(why.contains("data"), "{why}");
    perform(&mut window, Command::Again(old.id));
    settle(&mut window);
    assert_eq!(runs(&window, "Evaluation").len(), before.len());
    assert!(session(&window).log.iter().any(|entry| entry.text == why));
    click(&mut window, "Log");
    let disabled = window
        .query_all_by_label_contains("Again: Evaluation")
        .filter(|button| button.accesskit_node().is_disabled())
        .count();
    assert_eq!(disabled, 1, "that of the demo");
}
