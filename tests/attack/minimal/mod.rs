//! Attacks for the smallest perturbation, on victims whose smallest perturbation is known.

mod invariants;
mod material;
mod victims;

use nearmiss::attack::{
    Attack, AttackContext, CarliniWagner, DeepFool, Fab, Norm, Outcome, Space, Threat, Unwatched,
    Victim,
};
use nearmiss::compute::{Cpu, Grid};
use nearmiss::error::Result;
use nearmiss::task::Task;
use victims::{Net, Size};

pub(super) fn run(attack: &dyn Attack, victim: &mut dyn Victim, space: &Space) -> Result<Outcome> {
    let task = Task::detached();
    let mut watch = Unwatched;
    let mut context = AttackContext::new(victim, space, &Cpu, &mut watch, 3, &task)?;
    attack.run(&mut context)?;
    Ok(context.finish())
}

/// Pixels in the middle half of [0, 1].
fn pixels(count: usize, seed: u64) -> Vec<f32> {
    let mut rng = fastrand::Rng::with_seed(seed);
    (0..count).map(|_| 0.25 + 0.5 * rng.f32()).collect()
}

fn threat(norm: Norm, eps: f32) -> Threat {
    Threat {
        norm,
        eps,
        ..Threat::default()
    }
}

pub(super) fn space(grid: Grid, clean: Vec<f32>, norm: Norm, eps: f32) -> Space {
    let keys = (10..).take(grid.rows).collect();
    Space::pictures(grid, clean, &threat(norm, eps), keys).unwrap()
}

/// A linear net on its own rows, with gaps so small that every one can be closed.
pub(super) fn linear(rows: usize, values: usize, classes: usize, seed: u64) -> (Net, Vec<f32>) {
    let mut net = Net::random(rows, values, None, classes, seed);
    let clean = pixels(rows * values, seed + 1);
    net.bias.fill(0.0);
    net.label(&clean);
    (net, clean)
}

/// Half the widths of a row's box.
fn half(space: &Space, row: usize) -> Vec<f64> {
    let range = row * space.len()..(row + 1) * space.len();
    let width = |(l, u): (&f32, &f32)| (f64::from(*u) - f64::from(*l)) * 0.5;
    space.lower()[range.clone()]
        .iter()
        .zip(&space.upper()[range])
        .map(width)
        .collect()
}

/// The exact smallest perturbation of row `row` of a linear net inside the box.
fn exact(net: &Net, space: &Space, row: usize, size: Size) -> Option<f64> {
    let range = row * space.len()..(row + 1) * space.len();
    let clean = &space.clean()[range.clone()];
    let room: Vec<(f64, f64)> = range
        .map(|i| {
            let at = |values: &[f32]| f64::from(values[i]);
            (
                at(space.clean()) - at(space.lower()),
                at(space.upper()) - at(space.clean()),
            )
        })
        .collect();
    let (scores, label) = (net.scores(clean), net.labels[row]);
    let runner_ups = (0..scores.len()).filter(|&k| k != label);
    let sizes = runner_ups.filter_map(|k| {
        let w: Vec<f64> = net.inner[k]
            .iter()
            .zip(&net.inner[label])
            .map(|(k, y)| k - y)
            .collect();
        size.least(scores[label] - scores[k], &w, &room, &half(space, row))
    });
    sizes.min_by(f64::total_cmp)
}

fn sizes(space: &Space, outcome: &Outcome, size: Size) -> Vec<f64> {
    let len = space.len();
    let rows = space
        .clean()
        .chunks(len)
        .zip(outcome.x.chunks(len))
        .enumerate();
    rows.map(|(r, (clean, x))| size.of(clean, x, &half(space, r)))
        .collect()
}

const NORMS: [(Norm, Size); 3] = [
    (Norm::Linf, Size::Linf),
    (Norm::L2, Size::L2),
    (Norm::L1, Size::L1),
];

fn careful() -> DeepFool {
    DeepFool {
        overshoot: 1e-3,
        ..DeepFool::default()
    }
}

#[test]
fn deepfool_and_fab_reach_the_exact_distance_to_a_plane() {
    let (mut net, clean) = linear(6, 40, 5, 1);
    for (norm, size) in NORMS {
        let space = space(net.grid, clean.clone(), norm, 50.0);
        for attack in [&careful() as &dyn Attack, &Fab::default()] {
            let outcome = run(attack, &mut net, &space).unwrap();
            assert!(outcome.verdicts.iter().all(|v| v.fooled));
            for (r, found) in sizes(&space, &outcome, size).into_iter().enumerate() {
                let exact = exact(&net, &space, r, size).unwrap();
                assert!(
                    (found / exact - 1.0).abs() < 0.01,
                    "{norm:?} row {r}: {found} for {exact}"
                );
            }
        }
    }
}

#[test]
fn fab_reaches_the_exact_distance_where_the_box_is_in_the_way() {
    // Clean values near the ends of the box, and some that cannot move at all.
    let (mut net, _) = linear(6, 30, 4, 20);
    let mut rng = fastrand::Rng::with_seed(5);
    let ends = |i: usize| if i.is_multiple_of(3) { 0.01 } else { 0.93 };
    let clean: Vec<f32> = (0..net.grid.total())
        .map(|i| ends(i) + 0.05 * rng.f32())
        .collect();
    net.label(&clean);
    let mut compared = 0;
    for (norm, size) in NORMS {
        let space = space(net.grid, clean.clone(), norm, 50.0);
        let outcome = run(&Fab::default(), &mut net, &space).unwrap();
        for (r, found) in sizes(&space, &outcome, size).into_iter().enumerate() {
            let Some(exact) = exact(&net, &space, r, size) else {
                assert!(!outcome.verdicts[r].fooled);
                continue;
            };
            compared += 1;
            assert!(outcome.verdicts[r].fooled, "{norm:?} row {r}: {exact}");
            assert!(
                (found / exact - 1.0).abs() < 0.01,
                "{norm:?} row {r}: {found} for {exact}"
            );
        }
    }
    assert!(compared >= 12, "{compared}");
}

#[test]
fn fab_finds_the_smallest_share_of_a_raw_box() {
    let (mut net, middle) = linear(6, 30, 4, 31);
    let mut rng = fastrand::Rng::with_seed(6);
    let widths: Vec<f32> = middle
        .iter()
        .map(|_| {
            if rng.f32() < 0.2 {
                0.0
            } else {
                3.0 * rng.f32()
            }
        })
        .collect();
    let side = |sign: f32| {
        middle
            .iter()
            .zip(&widths)
            .map(|(m, w)| m + sign * w)
            .collect()
    };
    let space = Space::boxed(net.grid, side(-1.0), side(1.0), (0..6).collect()).unwrap();
    net.label(space.clean());
    let outcome = run(&Fab::default(), &mut net, &space).unwrap();
    for (r, found) in sizes(&space, &outcome, Size::Share).into_iter().enumerate() {
        let exact = exact(&net, &space, r, Size::Share).unwrap();
        assert!(outcome.verdicts[r].fooled);
        assert!(
            (found / exact - 1.0).abs() < 0.01,
            "row {r}: {found} for {exact}"
        );
    }
}

#[test]
fn carlini_wagner_comes_close_to_the_exact_l2_distance() {
    let (mut net, clean) = linear(6, 40, 5, 1);
    let attack = CarliniWagner {
        steps: 400,
        searches: 6,
        ..CarliniWagner::default()
    };
    let space = space(net.grid, clean, Norm::L2, 50.0);
    let outcome = run(&attack, &mut net, &space).unwrap();
    for (r, found) in sizes(&space, &outcome, Size::L2).into_iter().enumerate() {
        let exact = exact(&net, &space, r, Size::L2).unwrap();
        assert!(outcome.verdicts[r].fooled);
        assert!(
            found < 1.05 * exact && found > 0.999 * exact,
            "row {r}: {found} for {exact}"
        );
    }
}

#[test]
fn a_ball_larger_than_the_distance_is_broken_and_a_smaller_one_is_not() {
    let (mut net, clean) = linear(4, 40, 5, 8);
    for (norm, size) in NORMS {
        let wide = space(net.grid, clean.clone(), norm, 50.0);
        for r in 0..4 {
            let exact = exact(&net, &wide, r, size).unwrap() as f32;
            for (share, fooled) in [(1.01, true), (0.99, false)] {
                let space = space(net.grid, clean.clone(), norm, share * exact);
                let outcomes = [
                    run(&Fab::default(), &mut net, &space),
                    run(&careful(), &mut net, &space),
                ];
                for outcome in outcomes {
                    assert_eq!(
                        outcome.unwrap().verdicts[r].fooled,
                        fooled,
                        "{norm:?} row {r}, {share}"
                    );
                }
            }
        }
    }
}

#[test]
fn carlini_wagner_is_scaled_into_a_ball_that_it_does_not_fit() {
    // Its l2 solution has a larger l-inf norm than needed; l-inf balls that hold the exact solution twice over do.
    let (mut net, clean) = linear(4, 40, 5, 8);
    let wide = space(net.grid, clean.clone(), Norm::Linf, 50.0);
    for r in 0..4 {
        let eps = 2.0 * exact(&net, &wide, r, Size::Linf).unwrap() as f32;
        let space = space(net.grid, clean.clone(), Norm::Linf, eps);
        let outcome = run(
            &CarliniWagner {
                steps: 200,
                ..CarliniWagner::default()
            },
            &mut net,
            &space,
        )
        .unwrap();
        assert!(outcome.verdicts[r].fooled, "row {r}");
        assert!(sizes(&space, &outcome, Size::Linf)[r] <= f64::from(eps) * (1.0 + 1e-5));
    }
}

#[test]
fn on_a_curved_victim_fab_is_at_least_as_near_as_deepfool() {
    let mut net = Net::random(24, 30, Some(20), 6, 40);
    let clean = pixels(net.grid.total(), 41);
    net.label(&clean);
    for (norm, size) in NORMS {
        let space = space(net.grid, clean.clone(), norm, 50.0);
        let found = [
            run(&Fab::default(), &mut net, &space),
            run(&DeepFool::default(), &mut net, &space),
        ]
        .map(|outcome| sizes(&space, &outcome.unwrap(), size));
        let fab: f64 = found[0].iter().sum();
        let deepfool: f64 = found[1].iter().sum();
        assert!(
            fab > 0.0 && fab <= deepfool,
            "{norm:?}: {fab} against {deepfool}"
        );
    }
}

#[test]
fn a_row_left_once_fooled_is_fooled_inside_the_ball() {
    let (mut net, clean) = linear(6, 40, 5, 1);
    let space = space(net.grid, clean, Norm::Linf, 0.5);
    let all = run(&Fab::default(), &mut net, &space).unwrap();
    let early = Fab {
        until_fooled: true,
        ..Fab::default()
    };
    let early = run(&early, &mut net, &space).unwrap();
    assert!(early.verdicts.iter().all(|v| v.fooled));
    assert!(early.gradients.iter().sum::<u32>() < all.gradients.iter().sum::<u32>() / 10);
}

#[test]
fn goals_without_classes_are_reached_by_the_margin() {
    let (mut net, clean) = linear(4, 40, 2, 70);
    net.knows_classes = false;
    let space = space(net.grid, clean, Norm::L2, 50.0);
    for attack in [&careful() as &dyn Attack, &Fab::default()] {
        let outcome = run(attack, &mut net, &space).unwrap();
        for (r, found) in sizes(&space, &outcome, Size::L2).into_iter().enumerate() {
            let exact = exact(&net, &space, r, Size::L2).unwrap();
            assert!(
                (found / exact - 1.0).abs() < 0.01,
                "row {r}: {found} for {exact}"
            );
        }
    }
}
