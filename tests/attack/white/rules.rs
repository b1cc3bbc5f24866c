//! What holds for every attack: batches, boxes, rows already fooled, cancelling.

use super::closed::{GRID, all, attack, grey, pgd, pictures, watched, within};
use super::models::{Linear, bent};
use nearmiss::attack::{
    Attack, AttackContext, Norm, Pgd, Region, Space, StepEvent, Threat, Universal, Unwatched, Watch,
};
use nearmiss::compute::{Band, Cpu};
use nearmiss::error::Error;
use nearmiss::task::Task;

#[test]
fn rows_do_not_depend_on_their_batch_and_seeds_repeat() {
    for norm in [
        Norm::Linf,
        Norm::L2,
        Norm::L1,
        Norm::L0,
        Norm::Fourier(Band::ALL),
        Norm::Free,
    ] {
        let eps = if norm == Norm::L0 { 3.0 } else { 0.1 };
        let threat = Threat {
            norm,
            eps,
            ..Threat::default()
        };
        let space = pictures(4, &threat);
        for (nth, each) in all().iter().enumerate() {
            let together = attack(&mut bent(4, 9), &space, each.as_ref(), 5);
            assert_eq!(together, attack(&mut bent(4, 9), &space, each.as_ref(), 5));
            for row in 0..4 {
                let alone = attack(&mut bent(1, 9), &space.pick(&[row]), each.as_ref(), 5);
                let len = GRID.len();
                assert_eq!(
                    alone.x,
                    together.x[row * len..(row + 1) * len],
                    "{norm:?}, attack {nth}"
                );
                assert_eq!(alone.verdicts[0], together.verdicts[row]);
                assert_eq!(alone.gradients[0], together.gradients[row]);
            }
        }
        let other = attack(&mut bent(4, 9), &space, &pgd(2), 6);
        assert_ne!(other.x, attack(&mut bent(4, 9), &space, &pgd(2), 5).x);
    }
}

/// Fails on a value outside the space; counts the steps.
struct Fence<'a> {
    space: &'a Space,
    steps: usize,
}

impl Watch for Fence<'_> {
    fn step(&mut self, event: &StepEvent<'_>) {
        assert!(event.step > self.steps);
        self.steps = event.step;
        let len = self.space.len();
        assert_eq!(event.loss.len(), event.rows.len());
        assert_eq!(event.verdicts.len(), event.rows.len());
        for (x, &row) in event.x.chunks_exact(len).zip(event.rows) {
            within(self.space, row, x);
        }
    }
}

#[test]
fn nothing_leaves_the_box() {
    let region = Some(Region {
        left: 1,
        top: 1,
        width: 2,
        height: 2,
    });
    let mut spaces = Vec::new();
    for norm in [
        Norm::Linf,
        Norm::L2,
        Norm::L1,
        Norm::L0,
        Norm::Fourier(Band::ALL),
        Norm::Free,
    ] {
        let eps = if norm == Norm::L0 { 2.0 } else { 0.3 };
        for region in [None, region] {
            let threat = Threat {
                norm,
                eps,
                region,
                mask: None,
            };
            spaces.push(pictures(3, &threat));
        }
    }
    let mut rng = fastrand::Rng::with_seed(4);
    let grid = GRID.with_rows(3);
    let lower: Vec<f32> = (0..grid.total()).map(|_| rng.f32() * 3.0 - 2.0).collect();
    let wider = |l: &f32| if rng.bool() { *l } else { l + rng.f32() * 0.1 };
    let upper = lower.iter().map(wider).collect();
    spaces.push(Space::boxed(grid, lower, upper, vec![0, 1, 2]).unwrap());
    for space in &spaces {
        for (nth, each) in all().iter().enumerate() {
            let mut fence = Fence { space, steps: 0 };
            let found = watched(&mut bent(3, 2), space, each.as_ref(), 8, &mut fence);
            assert!(
                fence.steps > 0 && fence.steps <= each.steps(),
                "attack {nth}: {}",
                fence.steps
            );
            for (row, x) in found.x.chunks_exact(space.len()).enumerate() {
                within(space, row, x);
            }
        }
        let found = attack(&mut bent(3, 2), space, &Universal::default(), 8);
        for (row, x) in found.x.chunks_exact(space.len()).enumerate() {
            within(space, row, x);
        }
    }
}

#[test]
fn fooled_rows_are_left_alone() {
    let linear = Linear::new(3, 0.5, 2);
    let mut victim = linear.victim(3);
    victim.labels[1] = 2;
    let space = grey(3, Norm::Linf, 0.2);
    let mut attacks = all();
    attacks.push(Box::new(Universal::default()));
    for each in attacks {
        let found = attack(&mut victim, &space, each.as_ref(), 0);
        assert_eq!(
            found.x[GRID.len()..2 * GRID.len()],
            space.clean()[..GRID.len()]
        );
        assert_eq!(found.gradients[1], 0);
    }
    // A row that falls at once costs nothing more: the clean gradient, and the point it leads to.
    let found = attack(
        &mut victim,
        &space,
        &Pgd {
            step: 2.0,
            ..pgd(50)
        },
        0,
    );
    assert!(found.verdicts[0].fooled && found.gradients[0] <= 2);
}

#[test]
fn cancelling_stops_every_attack() {
    for each in all()
        .into_iter()
        .chain([Box::new(Universal::default()) as Box<dyn Attack>])
    {
        let mut victim = bent(2, 1);
        victim.cancel_after = 1;
        let (space, task) = (grey(2, Norm::Linf, 0.1), Task::detached());
        let mut watch = Unwatched;
        let mut context =
            AttackContext::new(&mut victim, &space, &Cpu, &mut watch, 0, &task).unwrap();
        let done = each.run(&mut context);
        drop(context);
        // Noise takes no gradient and ends by itself; FGSM takes one only.
        let stops = victim.climbs > 1;
        assert_eq!(matches!(done, Err(Error::Cancelled)), stops);
        assert!(victim.climbs <= 2);
    }
}
