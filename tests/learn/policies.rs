//! What is drawn, by each policy.

use super::expand;
use super::runs::{ground, r5, setup, trained};
use super::task;
use nearmiss::compute::Cpu;
use nearmiss::compute::train::HeadShape;
use nearmiss::error::Result;
use nearmiss::learn::policy::{Making, Sampler};
use nearmiss::learn::{Expansion, Finish, Ground, Policy, Setup, Start};
use nearmiss::task::Task;

pub fn sampler<'a>(
    ground: &'a Ground,
    task: &'a Task,
    policy: &str,
    seconds: f64,
) -> Box<dyn Sampler + 'a> {
    sampler_of(ground, task, policy, seconds, Expansion::default()).unwrap()
}

pub fn sampler_of<'a>(
    ground: &'a Ground,
    task: &'a Task,
    policy: &str,
    seconds: f64,
    expansion: Expansion,
) -> Result<Box<dyn Sampler + 'a>> {
    let policy: Policy = policy.parse().unwrap();
    let making = Making {
        ground,
        engine: &Cpu,
        head: HeadShape::linear(ground.embedded.images.dim(), 8),
        margin: 0.2,
        seed: 1,
        batch: 16,
        epochs: 10,
        seconds,
        expansion,
        task,
    };
    (policy.description().make)(&making)
}

#[test]
fn policies_draw_pairs_to_train_on_as_they_say() {
    let (ground, task) = (expand::equal(), task());
    let start = Start::Random.learned(&setup("mh")).unwrap();
    let mut random = fastrand::Rng::with_seed(3);
    let mut draw = |sampler: &mut dyn Sampler, epoch: usize| {
        let drawn = sampler.epoch(epoch, &start.weights, &mut random);
        drawn.unwrap()
    };
    for policy in Policy::all() {
        let mut sampler = sampler(&ground, &task, policy.name(), 1.0);
        for epoch in 0..10 {
            let drawn = draw(&mut *sampler, epoch);
            let inside = |caption: &u32| ground.pairs.binary_search(caption).is_ok();
            assert!(!drawn.is_empty() && drawn.iter().all(inside), "{policy:?}");
        }
    }
    let distinct = |mut drawn: Vec<u32>| {
        drawn.sort_unstable();
        drawn.dedup();
        drawn.len()
    };
    let all = ground.pairs.len();
    assert_eq!(
        distinct(draw(&mut *sampler(&ground, &task, "uniform", 0.0), 0)),
        all
    );

    // Those that cost ten times as much are drawn about ten times as often.
    let mut hardest = sampler(&ground, &task, "hardest", 0.0);
    let losses: Vec<f32> = (0..2 * all)
        .map(|n| if n % all < all / 2 { 0.5 } else { 5.0 })
        .collect();
    hardest.saw(&ground.pairs, &losses);
    let mut counts = [0_usize; 2];
    for epoch in 0..200 {
        for caption in draw(&mut *hardest, epoch) {
            counts[usize::from(caption >= ground.pairs[all / 2])] += 1;
        }
    }
    // Weights 1 + 0.55 and 10 + 0.55: a tenth of the mean loss is added.
    let share = counts[1] as f64 / (counts[0] + counts[1]) as f64;
    assert!((share - 10.55 / 12.1).abs() < 0.02, "{share}");

    let mut curriculum = sampler(&ground, &task, "curriculum", 0.0);
    assert_eq!(distinct(draw(&mut *curriculum, 0)), all.div_ceil(5));
    assert_eq!(draw(&mut *curriculum, 0).len(), all);
    assert_eq!(distinct(draw(&mut *curriculum, 5)), all);

    // Ten steps a second for two seconds are 320 pairs: 32 for each of ten epochs, and never fewer than four batches.
    let mut budget = sampler(&ground, &task, "budget", 2.0);
    budget.paced(10.0);
    assert_eq!(draw(&mut *budget, 0).len(), 64);
    let mut budget = sampler(&ground, &task, "budget", 2.0);
    budget.paced(60.0);
    // 60 x 2 x 16 / 10 would be 192: more than there are.
    assert_eq!(draw(&mut *budget, 0).len(), 135);
}

#[test]
fn a_ranked_budget_spends_its_draws_on_what_costs_most() {
    let (ground, task) = (ground(&[]), task());
    let mut random = fastrand::Rng::with_seed(3);
    let mut policy = sampler(&ground, &task, "budget-ranked", 2.0);
    // Ten steps a second for two seconds: 32 pairs an epoch, and never fewer than four batches of 16.
    policy.paced(10.0);
    let mut draw = |policy: &mut dyn Sampler| {
        let mut drawn = policy.epoch(0, &[], &mut random).unwrap();
        drawn.sort_unstable();
        let mut once = drawn.clone();
        once.dedup();
        assert_eq!((once.len(), drawn.len()), (64, 64));
        drawn
    };
    let unseen = draw(&mut *policy);
    assert_ne!(unseen, ground.pairs[..64]);
    // 20 pairs cost 5 in each direction, 40 nothing; the other 75 count as the mean, 10/3: the 20, and 44 of the 75.
    let see = |policy: &mut dyn Sampler, cost: &dyn Fn(usize) -> f32| {
        let losses: Vec<f32> = (0..120).map(|n| cost(n % 60)).collect();
        policy.saw(&ground.pairs[..60], &losses);
    };
    see(&mut *policy, &|n| if n < 20 { 5.0 } else { 0.0 });
    let drawn = draw(&mut *policy);
    assert_eq!(drawn[..20], ground.pairs[..20]);
    assert!(
        drawn[20..]
            .iter()
            .all(|caption| *caption >= ground.pairs[60])
    );
    // Half of what was known counts on: the first 20 cost 5 now, those that cost nothing 6, and the mean is 17/3.
    see(&mut *policy, &|n| if n < 20 { 0.0 } else { 6.0 });
    let drawn = draw(&mut *policy);
    assert_eq!(drawn[..40], ground.pairs[20..60]);
    assert!(
        drawn[40..]
            .iter()
            .all(|caption| *caption >= ground.pairs[60])
    );
}

#[test]
fn a_time_budget_ends_with_its_seconds_and_its_schedule() {
    let ground = ground(&[]);
    for policy in ["budget", "budget-ranked"] {
        let mut setup = setup("mh");
        setup.policy = policy.parse().unwrap();
        setup.budget = Some(0.3);
        // How often the pairs are gone over follows from the machine, not from this.
        setup.epochs = 1_000;
        let run = trained(&ground, &setup);
        assert_eq!(run.finish, Finish::Finished);
        let (last, before) = run.points.split_last().unwrap();
        assert!(last.seconds >= 0.3, "{}", last.seconds);
        // A moment may have begun within the budget and been read after it.
        let over = before.iter().filter(|point| point.seconds >= 0.3);
        assert!(over.count() <= 1 && last.step > 0);
    }
}

#[test]
fn mined_negatives_take_their_share_of_each_batch() {
    let ground = ground(&[]);
    let mut setup = setup("mh");
    setup.mined = 0.5;
    setup.epochs = 20;
    let run = trained(&ground, &setup);
    let plain = trained(
        &ground,
        &Setup {
            mined: 0.0,
            ..setup.clone()
        },
    );
    assert_ne!(run.learned, plain.learned);
    assert!(r5(&run, run.points.len() - 1) > 55.0);
}
