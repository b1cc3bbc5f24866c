//! Training by simulated clients: what must hold of any.

use super::expand::equal;
use super::runs::{ground, setup, trained};
use super::task;
use nearmiss::compute::Cpu;
use nearmiss::error::{Error, Result};
use nearmiss::learn::{
    ClientsBy, Course, Federation, Finish, Ground, Live, OptimizerKind, Run, Schedule, Setup,
    Start, train,
};

/// Captions that are trained on in the made embeddings.
const PAIRS: usize = 135;

fn by_clients(kind: OptimizerKind, clients: usize, sync: usize) -> Setup {
    let mut setup = setup("mh");
    setup.optimizer.kind = kind;
    if kind != OptimizerKind::FedLalr {
        setup.optimizer.rate = 0.5;
    }
    setup.federation = Federation {
        clients,
        sync,
        server_rate: 0.05,
        ..Federation::default()
    };
    setup
}

fn dealt(mut setup: Setup, by: ClientsBy) -> Setup {
    setup.federation.by = by;
    setup
}

fn course<'a>(ground: &'a Ground, setup: &'a Setup, before: Option<&'a Run>) -> Course<'a> {
    Course {
        engine: &Cpu,
        ground,
        setup,
        before,
        order: None,
        mined: None,
    }
}

fn tried(ground: &Ground, setup: &Setup) -> Result<Run> {
    let start = Start::Random.learned(setup)?;
    train(course(ground, setup, None), start, &mut |_| true, &task())
}

fn refused(ended: Result<Run>, word: &str) {
    let error: Error = ended.expect_err(word);
    assert!(error.to_string().contains(word), "{error}");
    assert!(!error.remedy().is_empty());
}

#[test]
fn one_client_that_meets_after_every_step_is_amsgrad_to_the_bit() {
    let ground = ground(&[]);
    for loss in ["mh", "infonce", "siglip"] {
        let mut plain = setup(loss);
        plain.optimizer.kind = OptimizerKind::AmsGrad;
        let mut one = plain.clone();
        one.optimizer.kind = OptimizerKind::FedLalr;
        one.federation = Federation {
            clients: 1,
            sync: 1,
            ..Federation::default()
        };
        let (plain, one) = (trained(&ground, &plain), trained(&ground, &one));
        assert_eq!(one.learned.weights, plain.learned.weights, "{loss}");
        assert_eq!(one.learned.first, plain.learned.first);
        assert_eq!(one.learned.most, plain.learned.most);
        assert_eq!(one.local, plain.learned.second);
        assert_eq!(one.first_loss, plain.first_loss);
        let told = |run: &Run| -> Vec<_> {
            let points = run.points.iter();
            points
                .map(|p| {
                    (
                        p.step,
                        p.epoch,
                        p.drawn,
                        p.seen,
                        p.valid,
                        p.train,
                        p.ranks.clone(),
                    )
                })
                .collect()
        };
        assert_eq!(told(&one), told(&plain));
        assert_eq!(one.last().unwrap().hard, plain.last().unwrap().hard);
        assert_eq!(one.last().unwrap().exchange.rounds, plain.steps());
        // Adam is another optimizer, and so is a client that meets others.
        assert_ne!(
            plain.learned.weights,
            trained(&ground, &setup(loss)).learned.weights
        );
    }
}

#[test]
fn one_client_that_averages_by_itself_is_plain_descent() {
    let ground = ground(&[]);
    let mut plain = setup("mh");
    plain.optimizer.kind = OptimizerKind::Sgd;
    plain.optimizer.rate = 0.5;
    let through = trained(&ground, &plain);
    for sync in [1, 4, 48] {
        let one = trained(&ground, &by_clients(OptimizerKind::FedAvg, 1, sync));
        assert_eq!(one.learned.weights, through.learned.weights, "R = {sync}");
    }
}

#[test]
fn all_pairs_are_dealt_each_once_and_all_are_drawn() {
    let grouped = equal();
    for by in [
        ClientsBy::Random,
        ClientsBy::Groups,
        ClientsBy::Dirichlet(0.1),
        ClientsBy::Dirichlet(50.0),
    ] {
        let mut setup = dealt(by_clients(OptimizerKind::FedLalr, 3, 2), by);
        // A batch of each client is one pair of its own in eight at most.
        setup.batch = 5;
        setup.epochs = 30;
        let run = trained(&grouped, &setup);
        let sizes = &run.client_pairs;
        assert_eq!(sizes.iter().sum::<usize>(), PAIRS, "{by}: {sizes:?}");
        assert!(sizes.iter().all(|&size| size >= 2), "{by}: {sizes:?}");
        // None but its holder draws a pair: were one in two hands or none, the share seen would not be all.
        assert!((run.last().unwrap().seen - 1.0).abs() < 1e-12, "{by}");
        match by {
            ClientsBy::Random | ClientsBy::Groups => assert_eq!(*sizes, [45, 45, 45]),
            ClientsBy::Dirichlet(_) => assert_ne!(*sizes, [45, 45, 45]),
        }
        // The same seed deals the same, another one otherwise.
        assert_eq!(trained(&grouped, &setup).learned, run.learned);
        setup.seed = 2;
        assert_ne!(trained(&grouped, &setup).learned, run.learned);
    }
    // Without groups a Dirichlet distribution deals clusters of the images.
    let setup = dealt(
        by_clients(OptimizerKind::FedLalr, 4, 2),
        ClientsBy::Dirichlet(0.1),
    );
    let run = trained(&ground(&[]), &setup);
    assert_eq!(run.client_pairs.iter().sum::<usize>(), PAIRS);
    let spread =
        |run: &Run| run.client_pairs.iter().max().unwrap() - run.client_pairs.iter().min().unwrap();
    let even = trained(&ground(&[]), &dealt(setup, ClientsBy::Random));
    assert!(spread(&run) > spread(&even) + 10, "{:?}", run.client_pairs);
}

#[test]
fn clients_learn_and_count_what_they_send() {
    let ground = ground(&[]);
    for (kind, vectors) in [
        (OptimizerKind::FedLalr, 3),
        (OptimizerKind::FedAvg, 1),
        (OptimizerKind::FedAdam, 1),
    ] {
        let mut setup = by_clients(kind, 3, 2);
        setup.loss = "infonce".parse().unwrap();
        setup.epochs = 30;
        let run = trained(&ground, &setup);
        assert_eq!(run.finish, Finish::Finished);
        let (first, last) = (&run.points[0], run.last().unwrap());
        assert!(
            last.valid.t2i[1] > first.valid.t2i[1] + 15.0,
            "{kind:?}: {:?}",
            last.valid
        );
        // 135 pairs by 3 clients in batches of 16: two steps an epoch.
        assert_eq!((last.step, last.drawn), (60, 60 * 48));
        assert_eq!(last.exchange.rounds, 30);
        let each = vectors * 4 * setup.head.weights() as u64;
        assert_eq!(last.exchange.up, 30 * 3 * each);
        assert_eq!(last.exchange.down, last.exchange.up);
        assert!(first.exchange.is_nothing());
        assert!(run.notes.iter().any(|note| note.contains("simulated")));
        // It is so in its curves, and in what is kept of it.
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.json");
        run.save(&path).unwrap();
        let again = Run::open(&path).unwrap();
        assert_eq!((&again.learned, &again.local), (&run.learned, &run.local));
        assert_eq!(again.client_pairs, run.client_pairs);
        assert_eq!(again.last().unwrap().exchange, last.exchange);
        assert_eq!(run.local.is_empty(), kind != OptimizerKind::FedLalr);
    }
}

#[test]
fn a_longer_round_sends_less_and_ends_elsewhere() {
    let ground = ground(&[]);
    let run = |sync| trained(&ground, &by_clients(OptimizerKind::FedLalr, 2, sync));
    let [often, seldom] = [run(1), run(8)];
    assert_eq!(often.steps(), seldom.steps());
    assert_ne!(often.learned.weights, seldom.learned.weights);
    let rounds = |run: &Run| run.last().unwrap().exchange.rounds;
    assert_eq!((rounds(&often), rounds(&seldom)), (24, 3));
    // Recall is that of heads that all share: no moment is within a round.
    assert!(seldom.points.iter().all(|point| point.step % 8 == 0));
}

#[test]
fn a_run_by_clients_goes_on_as_trained_through_or_says_why_not() {
    let ground = ground(&[]);
    for kind in [
        OptimizerKind::FedLalr,
        OptimizerKind::FedAvg,
        OptimizerKind::FedAdam,
    ] {
        // Four steps an epoch.
        let whole = dealt(by_clients(kind, 2, 3), ClientsBy::Dirichlet(0.5));
        let half = Setup {
            epochs: 3,
            ..whole.clone()
        };
        let through = trained(&ground, &whole);
        let first = trained(&ground, &half);
        let on = |setup: &Setup, before: &Run| {
            let start = before.learned.clone();
            train(
                course(&ground, setup, Some(before)),
                start,
                &mut |_| true,
                &task(),
            )
        };
        let second = on(&whole, &first).unwrap();
        assert_eq!(first.steps() % 3, 0);
        assert_eq!(second.learned, through.learned, "{kind:?}");
        assert_eq!(second.local, through.local);
        assert!(second.legs.is_empty(), "{:?}", second.notes);
        assert_eq!(
            second.last().unwrap().exchange,
            through.last().unwrap().exchange
        );
        // A round that the run's end cut short is told.
        let cut = Setup {
            federation: Federation {
                sync: 7,
                ..half.federation
            },
            ..half.clone()
        };
        let longer = Setup {
            epochs: 6,
            ..cut.clone()
        };
        let first = trained(&ground, &cut);
        assert_ne!(first.steps() % 7, 0);
        assert!(
            first
                .notes
                .iter()
                .any(|note| note.starts_with("The last round has"))
        );
        let second = on(&longer, &first).unwrap();
        assert_eq!(second.legs, [first.steps()]);
        assert!(second.notes.iter().any(|note| note.contains("ended early")));
        assert!(!second.is_like(&trained(&ground, &longer)));
        // With other clients it does not go on.
        let mut other = longer.clone();
        other.federation.by = ClientsBy::Random;
        refused(on(&other, &first), "other pairs");
    }
    // A rate that changes over the run is another one over a longer run.
    let mut cosine = by_clients(OptimizerKind::FedAvg, 1, 1);
    cosine.schedule = Schedule::Cosine;
    cosine.epochs = 1;
    let first = trained(&ground, &cosine);
    cosine.epochs = 2;
    let start = first.learned.clone();
    let second = train(
        course(&ground, &cosine, Some(&first)),
        start,
        &mut |_| true,
        &task(),
    );
    assert!(
        second
            .unwrap()
            .notes
            .iter()
            .any(|note| note.contains("schedule"))
    );
}

#[test]
fn a_run_by_clients_stops_at_a_round_and_goes_on_from_there() {
    let ground = ground(&[]);
    let setup = by_clients(OptimizerKind::FedLalr, 2, 2);
    let start = Start::Random.learned(&setup).unwrap();
    let mut points = 0;
    let mut watch = |live: Live<'_>| {
        points += usize::from(matches!(live, Live::Point(_)));
        points < 3
    };
    let first = train(course(&ground, &setup, None), start, &mut watch, &task()).unwrap();
    assert_eq!(first.finish, Finish::Stopped);
    assert_eq!(first.last().unwrap().step, first.learned.steps);
    let start = first.learned.clone();
    let on = course(&ground, &setup, Some(&first));
    let second = train(on, start, &mut |_| true, &task()).unwrap();
    assert_eq!(second.learned, trained(&ground, &setup).learned);
    assert_eq!(second.finish, Finish::Finished);

    let cancelled = task();
    cancelled.cancel();
    let start = Start::Random.learned(&setup).unwrap();
    let ended = train(
        course(&ground, &setup, None),
        start,
        &mut |_| true,
        &cancelled,
    );
    assert!(ended.is_err_and(|error| error.is_cancelled()));
}

#[test]
fn what_makes_no_clients_is_refused() {
    let ground = ground(&[]);
    let kind = OptimizerKind::FedLalr;
    refused(tried(&ground, &by_clients(kind, 0, 1)), "0 clients");
    refused(tried(&ground, &by_clients(kind, 2, 0)), "never meet");
    refused(
        tried(&ground, &by_clients(kind, 100, 1)),
        "100 clients share 135 pairs",
    );
    // Images stay whole: 45 of them leave some of 50 clients without any.
    refused(
        tried(&ground, &by_clients(kind, 50, 1)),
        "client 46 of 50 has 0 pairs",
    );
    refused(
        tried(&ground, &by_clients(kind, 2, 1_000)),
        "longer than the run",
    );
    let by_groups = dealt(by_clients(kind, 2, 1), ClientsBy::Groups);
    refused(tried(&ground, &by_groups), "there are none");
    let many = dealt(by_clients(kind, 4, 1), ClientsBy::Groups);
    refused(tried(&equal(), &many), "3 groups");
    let uneven = dealt(by_clients(kind, 40, 1), ClientsBy::Dirichlet(0.001));
    refused(tried(&ground, &uneven), "Dirichlet");
    let mut mined = by_clients(kind, 2, 1);
    mined.mined = 0.25;
    refused(tried(&ground, &mined), "evenly");
    let mut policy = by_clients(kind, 2, 1);
    policy.policy = "hardest".parse().unwrap();
    refused(tried(&ground, &policy), "evenly");
    let mut momentum = by_clients(OptimizerKind::FedAvg, 2, 1);
    momentum.optimizer.momentum = 0.9;
    refused(tried(&ground, &momentum), "no momentum");
    let setup = by_clients(kind, 2, 1);
    let order = [vec![0; 16]];
    let given = Course {
        order: Some(&order),
        ..course(&ground, &setup, None)
    };
    let start = Start::Random.learned(&setup).unwrap();
    refused(train(given, start, &mut |_| true, &task()), "order");
    // What no clients read tells no runs apart.
    let mut odd = self::setup("mh");
    odd.federation.clients = 9;
    assert_eq!(odd.normalised(), self::setup("mh"));
}

#[test]
fn clients_that_diverge_end_at_figures_that_hold() {
    let mut setup = by_clients(OptimizerKind::FedAvg, 3, 2);
    setup.loss = "infonce".parse().unwrap();
    setup.optimizer.rate = 1e6;
    setup.optimizer.decay = 10.0;
    setup.epochs = 30;
    let run = trained(&ground(&[]), &setup);
    assert_eq!(run.finish, Finish::Diverged);
    assert!(run.learned.weights.iter().all(|w| w.is_finite()));
    assert!(run.points.iter().all(|p| p.loss.is_none_or(f64::is_finite)));
}
