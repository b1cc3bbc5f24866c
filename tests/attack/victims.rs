//! Victims: verdicts against scores computed from the embeddings, gradients against central differences of verdicts.

use nearmiss::attack::{
    AscentLoss, Classifier, Goal, Network, Pairs, Set, Verdict, Victim, pictures::pixels,
};
use nearmiss::compute::{Choice, TIE, choose};
use nearmiss::dataset::npy::read_array;
use nearmiss::dataset::{self, Dataset};
use nearmiss::encoder::{Encoder, EncoderFiles, EncoderOptions};
use nearmiss::runtime::Provider;
use nearmiss::task::Task;
use std::sync::{Arc, OnceLock};

/// The demo, embedded, with its image model ready to be attacked.
pub struct Demo {
    pub dataset: Dataset,
    pub encoder: Arc<Encoder>,
    pub set: Set,
}

pub fn demo() -> &'static Demo {
    static DEMO: OnceLock<Demo> = OnceLock::new();
    DEMO.get_or_init(|| {
        let task = Task::detached();
        let folder = dataset::demo::unpack(&std::env::temp_dir().join("nearmiss-attack")).unwrap();
        let dataset = dataset::open(&folder, &task).unwrap();
        let files = EncoderFiles::open(&folder.join("encoder")).unwrap();
        let encoder = Arc::new(Encoder::open(&files, &EncoderOptions::default(), &task).unwrap());
        let made = encoder.embed_dataset(&dataset, None, &task).unwrap();
        let network = Network::image_tower(&encoder, &[Provider::Cpu], 4, &task).unwrap();
        assert_eq!(network.blocked(), None);
        let set = Set {
            network: Arc::new(network),
            engine: choose(Choice::Cpu).unwrap(),
            embedded: made.embedded,
            part: None,
        };
        Demo {
            dataset: made.dataset,
            encoder,
            set,
        }
    })
}

impl Demo {
    /// Pixels in [0, 1] of these pictures, one after the other.
    pub fn pixels(&self, images: &[usize]) -> Vec<f32> {
        let one = |&i: &usize| {
            let picture = self.dataset.images[i].open().unwrap();
            pixels(self.encoder.preprocess(), &picture).unwrap()
        };
        images.iter().flat_map(one).collect()
    }
}

/// `(verdict(x + h d) - verdict(x - h d)) / 2h` of the margins, against the gradient's product with `d`.
fn slope_agrees(victim: &mut dyn Victim, x: &[f32], ascent: AscentLoss<'_>, bound: f64) {
    let task = Task::detached();
    let rows: Vec<usize> = (0..victim.grid().rows).collect();
    let len = victim.grid().len();
    let slope = victim.value_and_gradient(&rows, x, ascent, &task).unwrap();
    assert_eq!(slope.gradient.len(), x.len());
    let judged = victim.predict(&rows, x, &task).unwrap();
    for (a, b) in slope.verdicts.iter().zip(&judged) {
        assert!((a.margin() - b.margin()).abs() < 2e-5, "{a:?} and {b:?}");
    }
    let h = 2e-3_f32;
    for &row in &rows {
        // Along the gradient itself: the direction in which rounding matters least.
        let range = row * len..(row + 1) * len;
        let g = &slope.gradient[range.clone()];
        let norm = g.iter().map(|v| f64::from(*v).powi(2)).sum::<f64>().sqrt();
        if ascent == AscentLoss::CrossEntropy && slope.loss[row] < 0.01 {
            // Saturated: differences drown in rounding.
            continue;
        }
        assert!(norm > 0.0, "{ascent:?}: row {row} has a gradient");
        let mut at = |sign: f32| {
            let mut moved = x.to_vec();
            for (m, v) in moved[range.clone()].iter_mut().zip(g) {
                *m += sign * h * (f64::from(*v) / norm) as f32;
            }
            victim
                .value_and_gradient(&rows, &moved, ascent, &task)
                .unwrap()
                .loss[row]
        };
        let central = f64::from(at(1.0) - at(-1.0)) / (2.0 * f64::from(h));
        assert!(
            (central / norm - 1.0).abs() < bound,
            "{ascent:?}, row {row}: slope {central}, gradient {norm}"
        );
    }
}

fn cosine(a: &[f32], b: &[f32]) -> f64 {
    a.iter()
        .zip(b)
        .map(|(x, y)| f64::from(*x) * f64::from(*y))
        .sum()
}

#[test]
fn verdicts_are_the_ranking_s() {
    let demo = demo();
    let images: Vec<usize> = (0..40).collect();
    let x = demo.pixels(&images);
    let task = Task::detached();
    let mut victim = Pairs::new(&demo.set, Goal::Lose, &images, &[]).unwrap();
    let verdicts = victim.predict(&images, &x, &task).unwrap();
    let (texts, groups) = (&demo.set.embedded.texts, &demo.set.embedded.groups);
    let mut wrong_ones = 0;
    for (&i, verdict) in images.iter().zip(&verdicts) {
        let score = |j: usize| cosine(demo.set.embedded.images.row(i), texts.row(j));
        let (own, others): (Vec<usize>, Vec<usize>) =
            (0..texts.rows()).partition(|j| groups.range(i).contains(j));
        let best = |of: &[usize]| of.iter().map(|&j| score(j)).fold(f64::MIN, f64::max);
        assert!(
            (f64::from(verdict.right) - best(&own)).abs() < 2e-6,
            "image {i}"
        );
        assert!(
            (f64::from(verdict.wrong) - best(&others)).abs() < 2e-6,
            "image {i}"
        );
        assert_eq!(verdict.fooled, best(&others) >= best(&own) - f64::from(TIE));
        wrong_ones += usize::from(verdict.fooled);
    }
    assert!(wrong_ones > 0, "the demo is not perfect: both cases occur");
    // Each caption that wins for its own picture is no longer to be made to win.
    let targets: Vec<usize> = images.iter().map(|&i| groups.range(i).start).collect();
    let mut win = Pairs::new(&demo.set, Goal::Win, &images, &targets).unwrap();
    for (verdict, (&i, &t)) in win
        .predict(&images, &x, &task)
        .unwrap()
        .iter()
        .zip(images.iter().zip(&targets))
    {
        let score = |j: usize| cosine(demo.set.embedded.images.row(i), texts.row(j));
        let best = (0..texts.rows())
            .filter(|&j| j != t)
            .map(score)
            .fold(f64::MIN, f64::max);
        assert!((f64::from(verdict.wrong) - score(t)).abs() < 2e-6);
        assert!((f64::from(verdict.right) - best).abs() < 2e-6);
        assert_eq!(verdict.fooled, score(t) > best + f64::from(TIE));
    }
}

#[test]
fn gradients_are_those_of_the_verdicts() {
    let demo = demo();
    // The three that are nearest to a tie, where nothing saturates.
    let mut images: Vec<usize> = (0..100).collect();
    let all = demo.pixels(&images);
    let verdicts = Pairs::new(&demo.set, Goal::Lose, &images, &[])
        .unwrap()
        .predict(&images, &all, &Task::detached())
        .unwrap();
    let gap = |i: usize| verdicts[i].margin().abs();
    // A caption that two pictures share is a tie for good, and where the right one is third a ratio is 1 for good.
    images.retain(|&i| gap(i) > 1e-4 && !verdicts[i].fooled);
    images.sort_by(|&a, &b| gap(a).total_cmp(&gap(b)));
    images.truncate(3);
    let x = demo.pixels(&images);
    let mut lose = Pairs::new(&demo.set, Goal::Lose, &images, &[]).unwrap();
    for ascent in [
        AscentLoss::Margin,
        AscentLoss::CrossEntropy,
        AscentLoss::Dlr,
    ] {
        slope_agrees(&mut lose, &x, ascent, 0.05);
    }
    let runner_ups: Vec<u32> = lose
        .runner_ups(&[0, 1, 2], &x, 3, &Task::detached())
        .unwrap()
        .iter()
        .map(|r| r[2])
        .collect();
    slope_agrees(&mut lose, &x, AscentLoss::TargetedMargin(&runner_ups), 0.05);
    slope_agrees(&mut lose, &x, AscentLoss::TargetedDlr(&runner_ups), 0.05);
    let mut win = Pairs::new(&demo.set, Goal::Win, &images, &[100, 200, 300]).unwrap();
    for ascent in [AscentLoss::Margin, AscentLoss::CrossEntropy] {
        slope_agrees(&mut win, &x, ascent, 0.05);
    }
    let mut other = Pairs::new(&demo.set, Goal::Match, &images, &[4, 5, 6]).unwrap();
    slope_agrees(&mut other, &x, AscentLoss::Margin, 0.05);
    // The cosine to itself is flat at its top: a little away from it.
    let shifted: Vec<f32> = x
        .iter()
        .enumerate()
        .map(|(i, v)| v + 0.05 * ((i % 7) as f32 - 3.0) / 3.0)
        .collect();
    let mut away = Pairs::new(&demo.set, Goal::Away, &images, &[]).unwrap();
    slope_agrees(&mut away, &shifted, AscentLoss::Margin, 0.05);
}

#[test]
fn a_goal_that_makes_no_sense_is_refused() {
    let demo = demo();
    let far = demo.set.embedded.images.rows();
    assert!(Pairs::new(&demo.set, Goal::Lose, &[far], &[]).is_err());
    let captions = demo.set.embedded.texts.rows();
    assert!(Pairs::new(&demo.set, Goal::Win, &[0], &[captions]).is_err());
    assert!(Pairs::new(&demo.set, Goal::Match, &[0], &[far]).is_err());
    assert!(Pairs::new(&demo.set, Goal::Away, &[0], &[]).is_ok());
}

#[test]
#[ignore = "needs NEARMISS_MATERIAL"]
fn classifiers_of_any_shape() {
    let folder = std::path::PathBuf::from(std::env::var_os("NEARMISS_MATERIAL").unwrap())
        .join("classifiers");
    let task = Task::detached();
    for (name, model) in [
        ("mnist_fc", "mnist-net_256x2.onnx"),
        (
            "cifar_resnet_a",
            "resnet_3b2_bn_mixup_adv_4.0_bs128_lr-1.onnx",
        ),
    ] {
        let network =
            Network::open(&folder.join(name).join(model), &[Provider::Cpu], &task).unwrap();
        assert_eq!(network.blocked(), None);
        let network = Arc::new(network);
        let len = network.grid().len();
        let bound = |file: &str| read_array(&folder.join(name).join(file)).unwrap().0;
        let (lower, upper) = (bound("lower.npy"), bound("upper.npy"));
        let mut random = fastrand::Rng::with_seed(5);
        let x: Vec<f32> = (0..3 * len)
            .map(|i| lower[i] + (upper[i] - lower[i]) * random.f32())
            .collect();
        let mut victim = Classifier::new(Arc::clone(&network), vec![4, 0, 9]);
        for ascent in [
            AscentLoss::Margin,
            AscentLoss::CrossEntropy,
            AscentLoss::Dlr,
        ] {
            slope_agrees(&mut victim, &x, ascent, 0.05);
        }
        slope_agrees(
            &mut victim,
            &x,
            AscentLoss::TargetedMargin(&[1, 2, 3]),
            0.05,
        );
        slope_agrees(&mut victim, &x, AscentLoss::TargetedDlr(&[1, 2, 3]), 0.05);
        let (logits, classes) = network.forward(&x, 3, &task).unwrap();
        let verdicts: Vec<Verdict> = victim.predict(&[0, 1, 2], &x, &task).unwrap();
        for (row, (verdict, label)) in verdicts.iter().zip([4, 0, 9]).enumerate() {
            let z = &logits[row * classes..(row + 1) * classes];
            let others = z.iter().enumerate().filter(|(k, _)| *k != label);
            let wrong = others.fold(f32::MIN, |m, (_, v)| m.max(*v));
            assert_eq!((verdict.right, verdict.wrong), (z[label], wrong));
            assert_eq!(verdict.fooled, wrong >= z[label]);
        }
        assert!(
            Classifier::new(network, vec![10])
                .predict(&[0], &x[..len], &task)
                .is_err()
        );
    }
}
