//! Square on a network from outside.

use nearmiss::attack::{
    Attack, AttackContext, Classifier, Network, Space, SquareAttack, Unwatched, Verdict, Victim,
    pick,
};
use nearmiss::compute::Cpu;
use nearmiss::runtime::Provider;
use nearmiss::task::Task;

#[test]
#[ignore = "needs NEARMISS_MATERIAL"]
fn square_breaks_a_real_network() {
    let folder = std::env::var("NEARMISS_MATERIAL").unwrap();
    let folder = std::path::Path::new(&folder).join("classifiers/cifar_resnet_a");
    let array = |name: &str| -> Vec<f32> {
        let bytes = std::fs::read(folder.join(name)).unwrap();
        npyz::NpyFile::new(&bytes[..]).unwrap().into_vec().unwrap()
    };
    let (lower, upper) = (array("lower.npy"), array("upper.npy"));
    let text = std::fs::read_to_string(folder.join("instances.json")).unwrap();
    let instances: Vec<serde_json::Value> = serde_json::from_str(&text).unwrap();
    let sat: Vec<_> = instances
        .iter()
        .filter(|i| i["verdict"] == "sat")
        .take(12)
        .collect();
    let number = |i: &serde_json::Value, key: &str| i[key].as_u64().unwrap() as usize;
    let rows: Vec<usize> = sat.iter().map(|i| number(i, "row")).collect();
    let labels: Vec<usize> = sat.iter().map(|i| number(i, "label")).collect();
    let task = Task::detached();
    let path = folder.join(sat[0]["model"].as_str().unwrap());
    let network = Network::open(&path, &Provider::ALL, &task).unwrap();
    let mut victim = Classifier::new(network.into(), labels);
    let (grid, len) = (victim.grid(), victim.grid().len());
    let (lower, upper) = (pick(&lower, len, &rows), pick(&upper, len, &rows));
    let keys = rows.iter().map(|r| *r as u32).collect();
    let space = Space::boxed(grid, lower, upper, keys).unwrap();
    let mut watch = Unwatched;
    let mut context = AttackContext::new(&mut victim, &space, &Cpu, &mut watch, 0, &task).unwrap();
    SquareAttack {
        queries: 5_000,
        ..SquareAttack::default()
    }
    .run(&mut context)
    .unwrap();
    let outcome = context.finish();
    let fooled = outcome.verdicts.iter().filter(|v| v.fooled).count();
    println!(
        "Square: {fooled} of {} sat rows; queries {:?}",
        rows.len(),
        outcome.queries
    );
    println!(
        "margins {:?}",
        outcome
            .verdicts
            .iter()
            .map(Verdict::margin)
            .collect::<Vec<_>>()
    );
    assert!(fooled >= 9, "{fooled}");
}
