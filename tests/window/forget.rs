//! Forgetting pairs in the learning laboratory.

use super::learning::{ask, laboratory, small};
use super::*;
use nearmiss::desktop::core::{Command, SetsCommand};
use nearmiss::desktop::learning::{Command as LearningCommand, Learning, Which};
use tempfile::TempDir;

/// `InfoNCE` by two seeds, with the form for forgetting.
fn trained(less: usize) -> (Window, TempDir) {
    let (mut window, folder) = laboratory(less);
    let mut form = small();
    form.losses = vec!["infonce".parse().unwrap()];
    ask(&mut window, LearningCommand::SetForm(Box::new(form)));
    ask(&mut window, LearningCommand::Train);
    window.get_by_label("Forget…").click_accesskit();
    settle(&mut window);
    assert_eq!(errors(&window), Vec::<String>::new());
    (window, folder)
}

fn mark(window: &mut Window, images: &[u32]) {
    perform(
        window,
        Command::Sets(SetsCommand::MarkOnly(images.to_vec())),
    );
    settle(window);
}

fn says(window: &Window, words: &str) {
    let found = window.query_all_by_label_contains(words).count();
    assert!(found > 0, "nothing says {words:?}");
}

#[test]
fn marked_images_are_forgotten_and_a_true_sentence_says_how_far() {
    let (mut window, _folder) = trained(11);
    says(&window, "no image is chosen");
    mark(&mut window, &[3, 5, 230]);
    says(&window, "1 of the 3 chosen images are not trained on");
    mark(&mut window, &[3, 5, 40, 77]);
    let mut form = learning_of(&window).forgets.form.clone();
    form.asked.steps = 12;
    ask(&mut window, LearningCommand::SetForgetting(form.clone()));
    window.get_by_label("Forget and compare").click_accesskit();
    settle(&mut window);
    assert_eq!(errors(&window), Vec::<String>::new());
    let found = learning_of(&window)
        .forgets
        .found(now(&window))
        .unwrap()
        .clone();
    assert!(
        found.told.starts_with("4 images (12 pairs) of 200"),
        "{}",
        found.told
    );
    assert_eq!(found.ids, super::learning::ids(&window));
    window.get_by_label(&found.says);
    window.get_by_label("Membership, AUC");
    window.get_by_label("After less without");
    // Two seeds: the sentence says what they settle.
    let rows = ["forgotten_i2t_r1", "membership"].map(|key| found.table.row(key).unwrap());
    let open = rows.iter().filter(|row| !row.less[1].is_settled()).count();
    assert_eq!(found.says.matches("not settled by two seeds").count(), open);
    assert!(
        found.command.contains("--forget 3,5,40,77 --energy 0.95"),
        "{}",
        found.command
    );
    // Of runs that are looked at no more nothing is shown, and a closed form is gone.
    ask(&mut window, LearningCommand::ShowForgetting(false));
    assert!(window.query_by_label("Forget and compare").is_none());
    assert!(window.query_by_label(&found.says).is_none());
}

#[test]
fn a_set_is_forgotten_and_the_work_can_be_cancelled() {
    let (mut window, _folder) = trained(12);
    perform(
        &mut window,
        Command::Sets(SetsCommand::Keep("few".into(), vec![8, 9, 10])),
    );
    let mut form = learning_of(&window).forgets.form.clone();
    form.which = Which::Set("few".into());
    form.asked.steps = 100_000;
    // So short that nothing is forgotten before the click.
    form.asked.rate = 1e-12;
    form.asked.energy = 0.999;
    ask(&mut window, LearningCommand::SetForgetting(form));
    let ids = super::learning::ids(&window);
    perform_of::<Learning>(&mut window, LearningCommand::Forget(ids));
    let asked = Instant::now();
    while window.query_by_label("Cancel forgetting").is_none() {
        assert!(asked.elapsed() < Duration::from_secs(20), "no button");
        window.step();
        std::thread::sleep(Duration::from_millis(5));
    }
    let begun = Instant::now();
    window.get_by_label("Cancel forgetting").click_accesskit();
    settle(&mut window);
    assert!(begun.elapsed() < Duration::from_secs(5));
    assert!(learning_of(&window).forgets.found(now(&window)).is_none());
    window.get_by_label("Forget and compare");
}

#[test]
fn what_was_forgotten_looks_as_it_did() {
    let (mut window, _folder) = trained(13);
    mark(&mut window, &[3, 5, 40, 77]);
    let mut form = learning_of(&window).forgets.form.clone();
    form.asked.steps = 12;
    ask(&mut window, LearningCommand::SetForgetting(form));
    window.get_by_label("Forget and compare").click_accesskit();
    settle(&mut window);
    look::snapshot(&mut window, "learning-forget");
}
