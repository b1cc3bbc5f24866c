//! The keys of the workbench.

use super::View;
use crate::dataset::Verdict;
use crate::desktop::core::{self, Deeds};
use crate::desktop::negatives::{Command, Slot};
use crate::desktop::shell::keys::{
    Binding, KeyLine, acts, command, command_shift, held, lines, once, plain,
};
use egui::{Context, Key};

/// What a key does whatever has the focus.
#[derive(Debug, Clone, Copy)]
enum Act {
    Decide(Option<Verdict>),
    Undo,
    Redo,
    Regions,
    Step(isize),
    Turn,
    Attack,
}

/// A line that was clicked has the focus, and so has a button of the inspector: these mean nothing to either.
const KEYS: [Binding<Act>; 12] = [
    once(
        &[plain(Key::F)],
        Act::Decide(Some(Verdict::Right)),
        "confirm: the pair is right",
    ),
    once(
        &[plain(Key::R)],
        Act::Decide(Some(Verdict::Wrong)),
        "reject: the pair is wrong",
    ),
    once(
        &[plain(Key::U)],
        Act::Decide(None),
        "take the decision back",
    ),
    held(
        &[command(Key::Z)],
        Act::Undo,
        "undo a decision, a mark or a set",
    ),
    held(&[command_shift(Key::Z)], Act::Redo, "do it again"),
    once(&[plain(Key::G)], Act::Regions, "regions that pull"),
    held(&[plain(Key::J)], Act::Step(1), "the next pair"),
    held(&[plain(Key::K)], Act::Step(-1), "the pair before"),
    held(&[plain(Key::PageDown)], Act::Step(10), "ten pairs further"),
    held(&[plain(Key::PageUp)], Act::Step(-10), "ten pairs back"),
    once(&[plain(Key::D)], Act::Turn, "the other direction"),
    once(&[plain(Key::A)], Act::Attack, "attack the pair"),
];

/// The key that stops mining; it is left to others while nothing is mined.
const CANCEL: [Binding<()>; 1] = [held(&[plain(Key::Escape)], (), "cancel mining")];

/// What a key does while nothing has the focus.
#[derive(Debug, Clone, Copy)]
enum Walk {
    By(isize),
    Open,
}

const WALK: [Binding<Walk>; 5] = [
    held(&[plain(Key::ArrowDown)], Walk::By(1), "the next pair"),
    held(&[plain(Key::ArrowUp)], Walk::By(-1), "the pair before"),
    held(
        &[plain(Key::Home)],
        Walk::By(isize::MIN / 2),
        "the first pair",
    ),
    held(
        &[plain(Key::End)],
        Walk::By(isize::MAX / 2),
        "the last pair",
    ),
    held(
        &[plain(Key::Enter)],
        Walk::Open,
        "show the query with its answer",
    ),
];

/// The lines of the workbench's keys.
pub fn key_lines() -> Vec<KeyLine> {
    let all = lines(&KEYS).into_iter().chain(lines(&CANCEL));
    all.chain(lines(&WALK)).collect()
}

/// The keys of the workbench: one to decide, arrows (or J and K) to walk.
pub fn keys(ctx: &Context, view: &mut View<'_>, focused: bool) {
    if view.state.running && !acts(ctx, &CANCEL).is_empty() {
        view.cancel(Slot::Mine);
        return;
    }
    for act in acts(ctx, &KEYS) {
        act_on(view, act);
    }
    if focused {
        return;
    }
    for walk in acts(ctx, &WALK) {
        match walk {
            Walk::By(step) => view.own(Command::Step(step)),
            Walk::Open => view.ask(core::Command::ShowAnswer),
        }
    }
}

fn act_on(view: &mut View<'_>, act: Act) {
    let (negatives, session) = (view.state, view.session);
    match act {
        Act::Decide(verdict) => view.own(Command::Decide(verdict)),
        // Going on to the next pair is no change: what was decided or marked is taken back.
        Act::Undo => view.ask(core::Command::Undo(Deeds::Changes)),
        Act::Redo => view.ask(core::Command::Redo(Deeds::Changes)),
        Act::Regions => view.own(Command::ShowRegions(!negatives.show_regions)),
        Act::Step(step) => view.own(Command::Step(step)),
        Act::Turn => {
            let mut plan = negatives.plan;
            plan.side = plan.side.other();
            view.own(Command::SetPlan(plan));
        }
        Act::Attack => {
            let (pair, set) = (
                negatives.pair(session.now()),
                negatives.set.get(session.now()),
            );
            if let (Some(pair), Some(set), Some(_)) = (pair, set, session.encoder()) {
                let (image, caption) = pair.rows(set.plan.side);
                view.ask(core::Command::AttackPair {
                    image: image as usize,
                    caption: Some(caption as usize),
                });
            }
        }
    }
}
