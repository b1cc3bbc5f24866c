//! What clients send one another through a server, and what it makes of that.

use crate::compute::train::{HIGHEST, Learned};
use crate::learn::choices::OptimizerKind;
use crate::learn::setup::Setup;

/// Decay rates of the moments of `FedAdam`'s server, and what is added to the root (Reddi et al. 2021, arXiv 2003.00295,
/// algorithm 2 and section 5: 0.9, 0.99, 1e-3).
const BETAS: [f64; 2] = [0.9, 0.99];
const TAU: f64 = 1e-3;

/// The heads that all clients share, and the sums of a round under way.
pub struct Server {
    kind: OptimizerKind,
    rate: f64,
    /// Where the scalars begin.
    scalars: usize,
    /// What all clients share since the last round; of `FedAdam` with the server's moments.
    pub learned: Learned,
    /// The second moment of each client, `[clients, values]`: of `FedLALR`, else empty.
    pub local: Vec<f32>,
    /// Pairs of each client.
    pairs: Vec<usize>,
    /// Sums over clients, each times its pairs: weights, first moment, largest second moment.
    sums: [Vec<f64>; 3],
}

impl Server {
    /// Of clients with so many pairs each that start from `learned`; `local` is what [`Server::local`] was, empty at first.
    pub fn new(setup: &Setup, learned: Learned, local: Vec<f32>, pairs: Vec<usize>) -> Self {
        let count = learned.weights.len();
        let kind = setup.optimizer.kind;
        let fresh = local.is_empty() && kind == OptimizerKind::FedLalr;
        Self {
            kind,
            rate: f64::from(setup.federation.server_rate),
            scalars: setup.head.weights(),
            local: if fresh {
                vec![0.0; pairs.len() * count]
            } else {
                local
            },
            sums: std::array::from_fn(|_| vec![0.0; count]),
            learned,
            pairs,
        }
    }

    /// Vectors that go each way between the server and a client in a round.
    pub fn vectors(kind: OptimizerKind) -> u64 {
        match kind {
            // Weights, first moment, largest second moment.
            OptimizerKind::FedLalr => 3,
            _ => 1,
        }
    }

    /// What client `n` begins a round with.
    pub fn given(&self, n: usize) -> Learned {
        let shared = &self.learned;
        let mut given = Learned::new(shared.weights.clone());
        given.steps = shared.steps;
        if self.kind == OptimizerKind::FedLalr {
            given.first.clone_from(&shared.first);
            given.most.clone_from(&shared.most);
            let count = given.second.len();
            given
                .second
                .copy_from_slice(&self.local[n * count..][..count]);
        }
        given
    }

    /// Takes in what client `n` ended a round with.
    pub fn take(&mut self, n: usize, learned: &Learned) {
        let share = self.pairs[n] as f64;
        let sent = [&learned.weights, &learned.first, &learned.most];
        for (sum, values) in self.sums.iter_mut().zip(sent) {
            for (sum, &value) in sum.iter_mut().zip(values) {
                *sum += share * f64::from(value);
            }
        }
        if self.kind == OptimizerKind::FedLalr {
            let count = learned.second.len();
            self.local[n * count..][..count].copy_from_slice(&learned.second);
        }
    }

    /// Ends a round after which each client has taken `steps` steps: the means over clients, each by its share of the pairs,
    /// are what all share; `FedAdam` takes a step towards that of the weights.
    pub fn meet(&mut self, steps: u64) {
        let pairs = self.pairs.iter().sum::<usize>() as f64;
        let is_first = self.learned.steps == 0;
        self.learned.steps = steps;
        for sum in &mut self.sums {
            for value in sum.iter_mut() {
                *value /= pairs;
            }
        }
        let [weights, first, most] = &self.sums;
        let learned = &mut self.learned;
        if self.kind == OptimizerKind::FedAdam {
            if is_first {
                learned.second.fill((TAU * TAU) as f32);
            }
            let moments = learned.first.iter_mut().zip(&mut learned.second);
            for ((x, mean), (m, v)) in learned.weights.iter_mut().zip(weights).zip(moments) {
                let change = mean - f64::from(*x);
                *m = (BETAS[0] * f64::from(*m) + (1.0 - BETAS[0]) * change) as f32;
                *v = (BETAS[1] * f64::from(*v) + (1.0 - BETAS[1]) * change * change) as f32;
                let step = self.rate * f64::from(*m) / (f64::from(*v).sqrt() + TAU);
                *x = (f64::from(*x) + step) as f32;
            }
            let scale = &mut learned.weights[self.scalars];
            *scale = scale.min(HIGHEST.ln());
        } else {
            to_f32(&mut learned.weights, weights);
            if self.kind == OptimizerKind::FedLalr {
                to_f32(&mut learned.first, first);
                to_f32(&mut learned.most, most);
            }
        }
        for sum in &mut self.sums {
            sum.fill(0.0);
        }
    }
}

fn to_f32(values: &mut [f32], wide: &[f64]) {
    for (value, wide) in values.iter_mut().zip(wide) {
        *value = *wide as f32;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn setup(kind: OptimizerKind) -> Setup {
        let mut setup = Setup::new("mh".parse().unwrap(), 3, 2);
        setup.optimizer.kind = kind;
        setup
    }

    fn learned(seed: u64, setup: &Setup) -> Learned {
        let mut random = fastrand::Rng::with_seed(seed);
        let mut numbers = || -> Vec<f32> {
            let count = setup.head.count();
            (0..count).map(|_| random.f32() * 2.0 - 0.9).collect()
        };
        Learned {
            weights: numbers(),
            first: numbers(),
            second: numbers(),
            most: numbers(),
            steps: 0,
        }
    }

    #[test]
    fn the_mean_of_equal_clients_is_each_of_them_to_the_bit() {
        for kind in [OptimizerKind::FedLalr, OptimizerKind::FedAvg] {
            let setup = setup(kind);
            let pairs = vec![7, 331, 2, 1_000_003, 11];
            let (start, end) = (learned(1, &setup), learned(2, &setup));
            let mut server = Server::new(&setup, start, Vec::new(), pairs.clone());
            for n in 0..pairs.len() {
                server.take(n, &end);
            }
            server.meet(5);
            assert_eq!(server.learned.weights, end.weights);
            if kind == OptimizerKind::FedLalr {
                assert_eq!(server.learned.first, end.first);
                assert_eq!(server.learned.most, end.most);
                // And they begin the next round as they ended this one.
                let given = server.given(3);
                assert_eq!(given, Learned { steps: 5, ..end });
            }
        }
    }

    #[test]
    fn clients_count_by_their_pairs() {
        let setup = setup(OptimizerKind::FedAvg);
        let [a, b] = [1, 2].map(|seed| learned(seed, &setup));
        let mut server = Server::new(&setup, a.clone(), Vec::new(), vec![3, 1]);
        server.take(0, &a);
        server.take(1, &b);
        server.meet(1);
        let all = a
            .weights
            .iter()
            .zip(&b.weights)
            .zip(&server.learned.weights);
        for ((a, b), mean) in all {
            assert!((0.75 * a + 0.25 * b - mean).abs() < 1e-6);
        }
    }

    #[test]
    fn the_server_of_fed_adam_steps_as_its_paper_says() {
        let mut setup = setup(OptimizerKind::FedAdam);
        setup.federation.server_rate = 0.5;
        let [start, end] = [1, 2].map(|seed| learned(seed, &setup));
        let x = f64::from(start.weights[0]);
        let plain = Learned::new(start.weights.clone());
        let mut server = Server::new(&setup, plain, Vec::new(), vec![4]);
        // By hand, two rounds of which each client ends at the same weights.
        let end_at = f64::from(end.weights[0]);
        let (mut m, mut v, mut at) = (0.0, 1e-6, x);
        for round in 1..=2 {
            server.take(0, &end);
            server.meet(round);
            let change = end_at - at;
            m = 0.9 * m + 0.1 * change;
            v = 0.99 * v + 0.01 * change * change;
            at += 0.5 * m / (v.sqrt() + 1e-3);
            assert!((f64::from(server.learned.weights[0]) - at).abs() < 1e-5);
        }
        // Where no client moved, the server stays.
        let still = Learned::new(start.weights.clone());
        let mut server = Server::new(&setup, still.clone(), Vec::new(), vec![4, 9]);
        server.take(0, &still);
        server.take(1, &still);
        server.meet(1);
        assert_eq!(server.learned.weights, start.weights);
    }
}
