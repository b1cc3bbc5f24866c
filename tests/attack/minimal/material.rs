//! FAB on a real classifier whose rows' robustness verifiers have proved, where the material is there.

use super::{run, sizes, threat, victims::Size};
use nearmiss::attack::{Classifier, DeepFool, Fab, Network, Norm, Outcome, Space, Victim};
use nearmiss::dataset::npy::read_npy;
use nearmiss::runtime::Provider;
use nearmiss::task::Task;
use serde_json::Value;
use std::path::PathBuf;
use std::sync::Arc;

/// A network of `mnist_fc`, its rows' boxes, labels, and whether an attack exists.
pub struct Instances {
    pub name: String,
    pub network: Arc<Network>,
    pub labels: Vec<usize>,
    pub sat: Vec<bool>,
    pub lower: Vec<f32>,
    pub upper: Vec<f32>,
}

impl Instances {
    pub fn all() -> Vec<Self> {
        let material = std::env::var_os("NEARMISS_MATERIAL").expect("NEARMISS_MATERIAL is set");
        let folder = PathBuf::from(material).join("classifiers/mnist_fc");
        let bounds = ["lower.npy", "upper.npy"].map(|n| read_npy(&folder.join(n)).unwrap());
        let text = std::fs::read(folder.join("instances.json")).unwrap();
        let instances: Vec<Value> = serde_json::from_slice(&text).unwrap();
        let mut names: Vec<&str> = instances
            .iter()
            .map(|i| i["model"].as_str().unwrap())
            .collect();
        names.sort_unstable();
        names.dedup();
        let of = |name: &&str| {
            let these: Vec<&Value> = instances.iter().filter(|i| i["model"] == *name).collect();
            let number = |key: &str| {
                these
                    .iter()
                    .map(|i| i[key].as_u64().unwrap() as usize)
                    .collect::<Vec<_>>()
            };
            let rows = number("row");
            let take = |(values, _, len): &(Vec<f32>, usize, usize)| -> Vec<f32> {
                rows.iter()
                    .flat_map(|r| values[r * len..(r + 1) * len].to_vec())
                    .collect()
            };
            let network =
                Network::open(&folder.join(name), &[Provider::Cpu], &Task::detached()).unwrap();
            Self {
                name: (*name).to_owned(),
                network: Arc::new(network),
                labels: number("label"),
                sat: these.iter().map(|i| i["verdict"] == "sat").collect(),
                lower: take(&bounds[0]),
                upper: take(&bounds[1]),
            }
        };
        names.iter().map(of).collect()
    }

    pub fn victim(&self) -> Classifier {
        Classifier::new(Arc::clone(&self.network), self.labels.clone())
    }

    pub fn boxed(&self) -> Space {
        let keys = (0..self.labels.len() as u32).collect();
        Space::boxed(
            self.victim().grid(),
            self.lower.clone(),
            self.upper.clone(),
            keys,
        )
        .unwrap()
    }

    /// The middles of the boxes, in a large ball.
    pub fn pictures(&self, norm: Norm, eps: f32) -> Space {
        let clean = self.boxed().clean().to_vec();
        let keys = (0..self.labels.len() as u32).collect();
        Space::pictures(self.victim().grid(), clean, &threat(norm, eps), keys).unwrap()
    }
}

#[test]
#[ignore = "needs the test material"]
fn fab_breaks_no_row_that_is_proved_robust_and_most_of_the_others() {
    let (mut found, mut all) = (0, 0);
    for instances in Instances::all() {
        let space = instances.boxed();
        let outcome = run(&Fab::default(), &mut instances.victim(), &space).unwrap();
        for (verdict, &sat) in outcome.verdicts.iter().zip(&instances.sat) {
            assert!(sat || !verdict.fooled, "{}", instances.name);
            found += usize::from(verdict.fooled);
            all += usize::from(sat);
        }
    }
    assert!(found >= 14, "{found} of {all}");
}

#[test]
#[ignore = "needs the test material"]
fn fab_finds_smaller_perturbations_than_deepfool() {
    for (norm, size) in [(Norm::Linf, Size::Linf), (Norm::L2, Size::L2)] {
        for instances in Instances::all() {
            let space = instances.pictures(norm, 50.0);
            let mut victim = instances.victim();
            let fab = run(&Fab::default(), &mut victim, &space).unwrap();
            let deepfool = run(&DeepFool::default(), &mut victim, &space).unwrap();
            let mean = |outcome| sizes(&space, outcome, size).into_iter().sum::<f64>();
            let standing =
                |outcome: &Outcome| outcome.verdicts.iter().filter(|v| !v.fooled).count();
            assert!(mean(&fab) < mean(&deepfool), "{norm:?} {}", instances.name);
            assert!(
                standing(&fab) <= standing(&deepfool),
                "{norm:?} {}",
                instances.name
            );
        }
    }
}
