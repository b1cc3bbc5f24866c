//! Classifiers with verdicts of verifiers.

use super::closed::within;
use nearmiss::attack::{
    Attack, AttackContext, Classifier, Network, Space, Unwatched, Victim, WorstCase,
};
use nearmiss::compute::Cpu;
use nearmiss::task::Task;

/// Rows of a classifier of the material that a verifier has decided.
struct Instances {
    rows: Vec<usize>,
    labels: Vec<usize>,
    verdicts: Vec<String>,
    lower: Vec<f32>,
    upper: Vec<f32>,
}

/// All instances of a folder, by model file.
fn instances(folder: &std::path::Path) -> std::collections::BTreeMap<String, Instances> {
    let array = |name: &str| -> (Vec<f32>, usize) {
        let bytes = std::fs::read(folder.join(name)).unwrap();
        let file = npyz::NpyFile::new(&bytes[..]).unwrap();
        let width = file.shape()[1] as usize;
        (file.into_vec().unwrap(), width)
    };
    let ((lower, width), (upper, _)) = (array("lower.npy"), array("upper.npy"));
    let text = std::fs::read_to_string(folder.join("instances.json")).unwrap();
    let list: Vec<serde_json::Value> = serde_json::from_str(&text).unwrap();
    let mut models = std::collections::BTreeMap::new();
    for each in list {
        let row = each["row"].as_u64().unwrap() as usize;
        let model = each["model"].as_str().unwrap().to_owned();
        let found = models.entry(model).or_insert_with(|| Instances {
            rows: Vec::new(),
            labels: Vec::new(),
            verdicts: Vec::new(),
            lower: Vec::new(),
            upper: Vec::new(),
        });
        found.rows.push(row);
        found.labels.push(each["label"].as_u64().unwrap() as usize);
        found
            .verdicts
            .push(each["verdict"].as_str().unwrap().to_owned());
        found.lower.extend(&lower[row * width..(row + 1) * width]);
        found.upper.extend(&upper[row * width..(row + 1) * width]);
    }
    models
}

/// Attacks every instance with the worst case; returns how many of those with a counterexample fell, of how many.
fn decided(folder: &str, queries: usize) -> (usize, usize) {
    let material = std::env::var("NEARMISS_MATERIAL").unwrap();
    let folder = std::path::Path::new(&material)
        .join("classifiers")
        .join(folder);
    let task = Task::detached();
    let (mut fell, mut all) = (0, 0);
    for (model, of) in instances(&folder) {
        let path = folder.join(&model);
        let network = Network::open(&path, &nearmiss::runtime::Provider::ALL, &task)
            .unwrap()
            .into();
        let mut victim = Classifier::new(network, of.labels.clone());
        let keys = of.rows.iter().map(|&r| r as u32).collect();
        let space = Space::boxed(victim.grid(), of.lower, of.upper, keys).unwrap();
        let worst = WorstCase {
            queries,
            ..WorstCase::default()
        };
        let mut watch = Unwatched;
        let since = std::time::Instant::now();
        let mut context =
            AttackContext::new(&mut victim, &space, &Cpu, &mut watch, 0, &task).unwrap();
        worst.run(&mut context).unwrap();
        let found = context.finish();
        let rows: Vec<usize> = (0..of.rows.len()).collect();
        // The plain forward model's word on what was found.
        let verdicts = victim.predict(&rows, &found.x, &task).unwrap();
        for (row, x) in found.x.chunks_exact(space.len()).enumerate() {
            within(&space, row, x);
            let fooled = verdicts[row].fooled;
            assert!(
                !(fooled && of.verdicts[row] == "unsat"),
                "{model}, row {}",
                of.rows[row]
            );
            fell += usize::from(fooled && of.verdicts[row] == "sat");
            all += usize::from(of.verdicts[row] == "sat");
        }
        let missed: Vec<usize> = rows
            .iter()
            .filter(|&&r| !verdicts[r].fooled && of.verdicts[r] == "sat")
            .map(|&r| of.rows[r])
            .collect();
        println!(
            "{model}: {:.1} s, {fell} of {all} so far; missed {missed:?}",
            since.elapsed().as_secs_f64()
        );
    }
    (fell, all)
}

#[test]
#[ignore = "needs NEARMISS_MATERIAL"]
fn verified_digits() {
    let (fell, all) = decided("mnist_fc", 500);
    assert!(all == 18 && fell >= 17, "{fell} of {all}");
}

#[test]
#[ignore = "needs NEARMISS_MATERIAL"]
fn verified_cifar() {
    assert_eq!(decided("cifar_resnet_a", 0), (12, 12));
}
