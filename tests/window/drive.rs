//! What the window shows, and commands as if the user had asked for them.

use super::Window;
use egui_kittest::kittest::Queryable as _;
use nearmiss::desktop::core::Command;
use nearmiss::desktop::feature::Feature;
use nearmiss::desktop::{attack, compare, learning, linear, map, negatives, strata, structure};

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
