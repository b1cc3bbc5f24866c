//! Files that fix their batch: set free where rows stay apart, left alone where they do not; the last word is the
//! file's own.

use nearmiss::attack::{AscentLoss, Classifier, Network, Victim};
use nearmiss::onnx::proto::{AttributeProto, NodeProto};
use nearmiss::onnx::{Dim, Effort, Encoded, Graph, GraphEngine, Port, Tensor, free_batch, node};
use nearmiss::runtime::{Provider, RuntimeEngine};
use nearmiss::task::Task;
use std::path::PathBuf;

const VALUES: usize = 12;
const CLASSES: usize = 4;

fn operator(op: &str, input: &[&str], output: &str, attribute: Vec<AttributeProto>) -> NodeProto {
    NodeProto {
        op_type: op.into(),
        input: input.iter().map(|n| (*n).to_owned()).collect(),
        output: vec![output.into()],
        attribute,
        ..NodeProto::default()
    }
}

/// Shape `[batch, 3, 4]`, a `Reshape` to `[batch, -1]`, a hidden layer, `more` from "h" to "m", logits.
fn net(batch: usize, more: NodeProto) -> Graph {
    let mut random = fastrand::Rng::with_seed(7);
    let mut floats = |shape: &[usize]| {
        let values: Vec<f32> = (0..shape.iter().product())
            .map(|_| random.f32() - 0.5)
            .collect();
        Tensor::floats(shape, &values)
    };
    let constants = [
        ("flat".to_owned(), Tensor::ints(&[2], &[batch as i64, -1])),
        ("w".to_owned(), floats(&[VALUES, 8])),
        ("v".to_owned(), floats(&[8, CLASSES])),
        ("order".to_owned(), Tensor::ints(&[1], &[0])),
    ];
    let port = |name: &str, dims: &[usize]| Port {
        name: name.into(),
        elem: nearmiss::onnx::Elem::F32,
        dims: dims.iter().map(|&d| Dim::Fixed(d)).collect(),
        has_shape: true,
    };
    Graph {
        opset: 18,
        inputs: vec![port("x", &[batch, 3, 4])],
        outputs: vec!["y".into()],
        nodes: vec![
            operator("Reshape", &["x", "flat"], "r", Vec::new()),
            operator("MatMul", &["r", "w"], "a", Vec::new()),
            operator("Relu", &["a"], "h", Vec::new()),
            more,
            operator("MatMul", &["m", "v"], "y", Vec::new()),
        ],
        constants: constants.into(),
        declared: [("y".to_owned(), port("y", &[batch, CLASSES]))].into(),
        ..Graph::default()
    }
}

fn plain(batch: usize) -> Graph {
    net(batch, operator("Tanh", &["h"], "m", Vec::new()))
}

fn saved(graph: &Graph, name: &str) -> PathBuf {
    let folder = std::env::temp_dir().join("nearmiss-batches");
    std::fs::create_dir_all(&folder).unwrap();
    let path = folder.join(format!("{name}-{}.onnx", std::process::id()));
    std::fs::write(&path, graph.encode(Encoded::DATA).model).unwrap();
    path
}

fn rows(count: usize) -> Vec<f32> {
    let mut random = fastrand::Rng::with_seed(1);
    (0..count * VALUES).map(|_| random.f32()).collect()
}

#[test]
fn a_freed_graph_takes_any_number_of_rows() {
    for batch in [1, 2] {
        let graph = plain(batch);
        let freed = free_batch(&graph, "x").expect("it is fixed");
        assert!(matches!(freed.inputs[0].dims[0], Dim::Named(_)));
        assert!(free_batch(&freed, "x").is_none(), "free already");
        let task = Task::detached();
        let engine = RuntimeEngine::new(&[Provider::Cpu]);
        let x = rows(6);
        let run = |graph: &Graph, x: &[f32]| {
            let x = Tensor::floats(&[x.len() / VALUES, 3, 4], x);
            let mut program = engine.load(graph, Effort::Often).unwrap();
            program.run(&[("x", &x)], &task).unwrap()[0]
                .to_floats()
                .unwrap()
        };
        let together = run(&freed, &x);
        let apart: Vec<f32> = x
            .chunks(batch * VALUES)
            .flat_map(|x| run(&graph, x))
            .collect();
        assert_eq!(together.len(), 6 * CLASSES);
        for (a, b) in together.iter().zip(&apart) {
            assert!((a - b).abs() < 1e-6, "{a} and {b}");
        }
    }
}

/// Verdicts, gradients and the last word of `path`, against those of the model that leaves its batch open.
fn agrees(path: &PathBuf, open: &PathBuf, count: usize) {
    let task = Task::detached();
    let labels: Vec<usize> = (0..count).map(|r| r % CLASSES).collect();
    let victim = |path: &PathBuf| {
        let network = Network::open(path, &[Provider::Cpu], &task).unwrap();
        assert_eq!(network.blocked(), None);
        Classifier::new(network.into(), labels.clone())
    };
    let (mut fixed, mut open) = (victim(path), victim(open));
    let (x, all): (Vec<f32>, Vec<usize>) = (rows(count), (0..count).collect());
    let (a, b) = (
        fixed
            .value_and_gradient(&all, &x, AscentLoss::Margin, &task)
            .unwrap(),
        open.value_and_gradient(&all, &x, AscentLoss::Margin, &task)
            .unwrap(),
    );
    for (a, b) in a.gradient.iter().zip(&b.gradient) {
        assert!((a - b).abs() < 1e-6, "{a} and {b}");
    }
    let (seen, sure) = (
        fixed.predict(&all, &x, &task).unwrap(),
        fixed.confirm(&all, &x, &task).unwrap(),
    );
    let known = open.predict(&all, &x, &task).unwrap();
    for ((a, b), c) in seen.iter().zip(&sure).zip(&known) {
        assert!((a.margin() - c.margin()).abs() < 1e-6);
        assert!((b.margin() - c.margin()).abs() < 1e-6);
    }
}

#[test]
fn a_file_that_fixes_its_batch_gives_the_same_gradients() {
    let open = saved(&free_batch(&plain(1), "x").unwrap(), "open");
    // 150 rows are several runs, the last one filled up; 3 rows of a batch of 2 too.
    agrees(&saved(&plain(1), "one"), &open, 150);
    agrees(&saved(&plain(2), "two"), &open, 3);
}

#[test]
fn rows_that_do_not_stay_apart_run_as_the_file_says() {
    // The mean over the batch: at a batch of 1 it is each row itself, of several rows it is not.
    let keep = vec![node::int("keepdims", 1)];
    let mixing = net(1, operator("ReduceMean", &["h", "order"], "m", keep));
    let identity = net(1, operator("Identity", &["h"], "m", Vec::new()));
    let open = saved(&free_batch(&identity, "x").unwrap(), "identity");
    agrees(&saved(&mixing, "mixing"), &open, 5);
}
