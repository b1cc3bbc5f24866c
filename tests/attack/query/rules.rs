//! What every attack by queries keeps to: budgets, boxes, batches, cancel.

use super::linear::{Linear, SMALL, all, attack, grey, refusal};
use nearmiss::attack::{
    Attack, HopSkipJump, Nes, Norm, Region, Simba, Space, Spsa, SquareAttack, Threat,
};
use nearmiss::compute::{Band, Grid};
use nearmiss::error::Error;

#[test]
fn budgets_are_kept() {
    let used = |with: &dyn Attack| {
        let mut victim = Linear::new(SMALL, 1, &[-100.0, -0.001, 0.5]);
        let space = grey(&victim, Norm::Linf, 0.01);
        attack(&mut victim, &space, with).queries
    };
    // A multiple of a step's queries, so that every attack can use all of it; and the clean row.
    for queries in [21, 42, 420] {
        for (name, with) in all(queries) {
            let (used, budget) = (used(with.as_ref()), queries as u32 + 1);
            assert!(
                used[0] == budget || (name == "hop-skip-jump" && used[0] <= budget),
                "{name}"
            );
            assert!(used[1] <= budget, "{name}");
            // The last row reaches the goal as it is: nothing is asked about it.
            assert_eq!(used[2], 1, "{name}");
        }
    }
    for queries in 1..70 {
        let hop = HopSkipJump {
            queries,
            ..HopSkipJump::default()
        };
        assert!(used(&hop).iter().all(|u| *u as usize <= queries + 1));
        let square = SquareAttack {
            queries,
            restarts: 2,
            ..SquareAttack::default()
        };
        assert_eq!(used(&square)[0] as usize, 2 * queries + 1);
        assert_eq!(
            used(&Simba {
                queries,
                ..Simba::default()
            })[0] as usize,
            queries + 1
        );
    }
}

#[test]
fn a_row_alone_is_the_same_row() {
    let (b, eps) = ([-2.0, -1.0, -1e3, -0.4], 0.05);
    let mut spaces: Vec<(Norm, f32)> = vec![(Norm::Linf, eps), (Norm::L2, 0.3)];
    spaces.extend([
        (Norm::L1, 0.5),
        (Norm::L0, 5.0),
        (Norm::Fourier(Band::ALL), eps),
        (Norm::Free, 0.0),
    ]);
    for (name, with) in all(210) {
        for &(norm, eps) in &spaces {
            let together = {
                let mut victim = Linear::new(SMALL, 2, &b);
                let space = grey(&victim, norm, eps);
                if let Some(refused) = refusal(&mut victim, &space, with.as_ref()) {
                    assert!(!refused.remedy().is_empty());
                    continue;
                }
                attack(&mut victim, &space, with.as_ref())
            };
            for row in 0..b.len() {
                let mut victim = Linear::new(SMALL, 2, &b[row..=row]);
                let threat = Threat {
                    norm,
                    eps,
                    ..Threat::default()
                };
                let clean = vec![0.5; SMALL.len()];
                let space = Space::pictures(SMALL, clean, &threat, vec![row as u32]).unwrap();
                let alone = attack(&mut victim, &space, with.as_ref());
                let len = SMALL.len();
                assert_eq!(
                    alone.x,
                    together.x[row * len..(row + 1) * len],
                    "{name}, {norm:?}"
                );
                assert_eq!(alone.queries[0], together.queries[row], "{name}, {norm:?}");
            }
        }
    }
}

#[test]
fn boxes_hold_to_the_last_bit() {
    // Uneven boxes, with fixed values; in a region; odd shapes.
    let grids = [
        SMALL,
        Grid {
            channels: 1,
            height: 1,
            width: 50,
            ..SMALL
        },
        Grid {
            channels: 1,
            height: 13,
            width: 1,
            ..SMALL
        },
        Grid {
            channels: 1,
            height: 1,
            width: 1,
            ..SMALL
        },
        Grid {
            channels: 2,
            height: 3,
            width: 7,
            ..SMALL
        },
    ];
    for grid in grids {
        let mut rng = fastrand::Rng::with_seed(9);
        let lower: Vec<f32> = (0..grid.len()).map(|_| rng.f32() * 100.0 - 50.0).collect();
        let width = |i: usize| {
            if i % 5 == 4 {
                0.0
            } else {
                0.3 * (i % 3 + 1) as f32
            }
        };
        let upper: Vec<f32> = lower
            .iter()
            .enumerate()
            .map(|(i, l)| l + width(i))
            .collect();
        let space = Space::boxed(grid, lower.clone(), upper.clone(), vec![4]).unwrap();
        for (name, with) in all(210) {
            let mut victim = Linear::new(grid, 3, &[-1e5]);
            victim.record = true;
            let outcome = attack(&mut victim, &space, with.as_ref());
            let asked = victim.seen[&0].iter().chain([&outcome.x]);
            for x in asked {
                let inside = |i: usize| lower[i] <= x[i] && x[i] <= upper[i];
                assert!((0..grid.len()).all(inside), "{name}, {grid:?}");
            }
        }
        let threat = Threat {
            norm: Norm::Free,
            region: Some(Region {
                left: 0,
                top: 0,
                width: 3,
                height: 2,
            }),
            ..Threat::default()
        };
        let clean: Vec<f32> = (0..grid.len()).map(|_| rng.f32()).collect();
        let space = Space::pictures(grid, clean, &threat, vec![0]).unwrap();
        for (name, with) in all(210) {
            let mut victim = Linear::new(grid, 3, &[-1e3]);
            let before = victim.score(0, space.clean());
            let outcome = attack(&mut victim, &space, with.as_ref());
            let (x, c) = (&outcome.x, space.clean());
            let outside = |i: usize| i / grid.width % grid.height >= 2 || i % grid.width >= 3;
            assert!(
                (0..grid.len()).all(|i| !outside(i) || x[i] == c[i]),
                "{name}, {grid:?}"
            );
            // A start of HopSkipJump does not reach this goal.
            assert!(
                name == "hop-skip-jump" || victim.score(0, x) > before,
                "{name}, {grid:?}"
            );
        }
    }
}

#[test]
fn nothing_to_change_is_nothing_to_ask() {
    for norm in [Norm::Linf, Norm::L2, Norm::L0] {
        let mut victim = Linear::new(SMALL, 3, &[-1.0]);
        let space = grey(&victim, norm, 0.0);
        for (name, with) in all(210) {
            if refusal(&mut victim, &space, with.as_ref()).is_none() {
                let outcome = attack(&mut victim, &space, with.as_ref());
                assert_eq!(
                    (outcome.queries[0], outcome.x == space.clean()),
                    (1, true),
                    "{name}"
                );
            }
        }
    }
}

#[test]
fn cancel_stops_every_attack() {
    for (name, with) in all(2_100) {
        let mut victim = Linear::new(SMALL, 3, &[-5.0]);
        victim.patience = 5;
        let space = grey(&victim, Norm::Linf, 0.01);
        let error = refusal(&mut victim, &space, with.as_ref());
        assert!(matches!(error, Some(Error::Cancelled)), "{name}");
    }
}

#[test]
fn odd_options_are_refused() {
    let odd: Vec<Box<dyn Attack>> = vec![
        Box::new(SquareAttack {
            queries: 0,
            ..SquareAttack::default()
        }),
        Box::new(SquareAttack {
            restarts: 0,
            ..SquareAttack::default()
        }),
        Box::new(SquareAttack {
            p: f32::NAN,
            ..SquareAttack::default()
        }),
        Box::new(SquareAttack {
            p: 1.5,
            ..SquareAttack::default()
        }),
        Box::new(Nes {
            samples: 7,
            ..Nes::default()
        }),
        Box::new(Nes {
            sigma: 0.0,
            ..Nes::default()
        }),
        Box::new(Nes {
            momentum: 1.0,
            ..Nes::default()
        }),
        Box::new(Spsa {
            samples: 0,
            ..Spsa::default()
        }),
        Box::new(Spsa {
            step: -1.0,
            ..Spsa::default()
        }),
        Box::new(Spsa {
            steps: 0,
            ..Spsa::default()
        }),
        Box::new(Simba {
            queries: 0,
            ..Simba::default()
        }),
        Box::new(Simba {
            step: f32::INFINITY,
            ..Simba::default()
        }),
        Box::new(HopSkipJump {
            samples: 1,
            ..HopSkipJump::default()
        }),
        Box::new(HopSkipJump {
            starts: 0,
            ..HopSkipJump::default()
        }),
    ];
    for attack in odd {
        let mut victim = Linear::new(SMALL, 3, &[-1.0]);
        let space = grey(&victim, Norm::Linf, 0.1);
        let error = refusal(&mut victim, &space, attack.as_ref()).unwrap();
        assert!(matches!(error, Error::Request { .. }) && !error.remedy().is_empty());
        assert!(
            victim.patience == usize::MAX - 1,
            "nothing but the clean row is asked about"
        );
    }
}
