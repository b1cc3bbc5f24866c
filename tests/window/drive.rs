//! What the window shows, and commands as if the user had asked for them.

use super::Window;
use egui_kittest::kittest::Queryable as _;
use nearmiss::desktop::core::Command;
use nearmiss::desktop::feature::Feature;
use nearmiss::desktop::{
    attack, augment, compare, learning, linear, map, negatives, strata, structure,
};

pub fn state<F: Feature>(window: &Window) -> &F::State {
    window.state().state::<F>().expect("a view of the window")
}

pub fn lab_of(window: &Window) -> &attack::State {
    state::<attack::Attack>(window)
}

pub fn negatives_of(window: &Window) -> &negatives::State {
    state::<negatives::Negatives>(window)
}

pub fn structure_of(window: &Window) -> &structure::State {
    state::<structure::Structure>(window)
}

pub fn compare_of(window: &Window) -> &compare::State {
    state::<compare::Compare>(window)
}

pub fn learning_of(window: &Window) -> &learning::State {
    state::<learning::Learning>(window)
}

pub fn strata_of(window: &Window) -> &strata::State {
    state::<strata::StrataLab>(window)
}

pub fn linear_of(window: &Window) -> &linear::State {
    state::<linear::LinearLab>(window)
}

pub fn augment_of(window: &Window) -> &augment::State {
    state::<augment::AugmentLab>(window)
}

pub fn map_of(window: &Window) -> &map::State {
    state::<map::MapView>(window)
}

/// Executes a command without waiting for its jobs.
pub fn perform(window: &mut Window, command: Command) {
    let ctx = window.ctx.clone();
    window.state_mut().perform(&ctx, command);
}

/// Executes a command of a feature without waiting for its jobs.
pub fn perform_of<F: Feature>(window: &mut Window, command: F::Command) {
    let ctx = window.ctx.clone();
    window.state_mut().perform_of::<F>(&ctx, command);
}

/// Does it say so anywhere?
pub fn says(window: &Window, text: &str) -> bool {
    window.query_all_by_label_contains(text).next().is_some()
}

/// Lets the jobs finish; what was put on the clipboard meanwhile.
pub fn copied(window: &mut Window) -> Vec<egui::OutputCommand> {
    let start = std::time::Instant::now();
    let (mut found, mut quiet) = (Vec::new(), 0);
    while quiet < 12 {
        window.step();
        let commands = &window.output().platform_output.commands;
        found.extend(commands.iter().cloned());
        let busy = window.state().is_busy();
        quiet = if busy { 0 } else { quiet + 1 };
        std::thread::sleep(std::time::Duration::from_millis(8));
        assert!(start.elapsed().as_secs() < 60, "still busy after a minute");
    }
    found
}

/// The text that was put on the clipboard by choosing `entry` in the menu of what is called `name`.
pub fn copied_text(window: &mut Window, name: &str, entry: &str) -> String {
    choose(window, name, entry);
    let mut texts = copied(window)
        .into_iter()
        .filter_map(|command| match command {
            egui::OutputCommand::CopyText(text) => Some(text),
            _ => None,
        });
    texts.next_back().expect("something was copied")
}

/// Chooses `entry` in the menu of what is called `name`.
pub fn choose(window: &mut Window, name: &str, entry: &str) {
    let exact = window.query_all_by_label(name).next();
    let named = exact.or_else(|| window.query_all_by_label_contains(name).next());
    named.expect("there").click_secondary();
    for _ in 0..4 {
        window.step();
    }
    window.get_by_label(entry).click();
}
