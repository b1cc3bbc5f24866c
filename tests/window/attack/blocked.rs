//! An encoder that no gradient passes.

use super::*;
use prost::Message;
use tract_onnx::pb::{
    AttributeProto, ModelProto, NodeProto, TensorProto, attribute_proto::AttributeType,
};

/// The demo's encoder with an operator on the way that has no gradient; its numbers are the same.
fn blocked_encoder() -> tempfile::TempDir {
    let data = nearmiss::encoder::data_dir().expect("a data folder");
    let demo = nearmiss::dataset::demo::unpack(&data)
        .expect("the demo")
        .join("encoder");
    let folder = tempfile::tempdir().expect("a folder");
    copy(&demo, folder.path());
    let path = find(folder.path(), "vision_model.onnx");
    let bytes = std::fs::read(&path).expect("read");
    let mut model = ModelProto::decode(bytes.as_slice()).expect("a model");
    let graph = model.graph.as_mut().expect("a graph");
    let (input, output) = (graph.input[0].name.clone(), graph.output[0].name.clone());
    for node in &mut graph.node {
        for name in &mut node.output {
            if *name == output {
                *name = "plain".into();
            }
        }
    }
    let node =
        |op: &str, inputs: &[&str], output: &str, attribute: Vec<AttributeProto>| NodeProto {
            op_type: op.into(),
            name: format!("made {op}"),
            input: inputs.iter().map(ToString::to_string).collect(),
            output: vec![output.into()],
            attribute,
            ..NodeProto::default()
        };
    let keep = AttributeProto {
        name: "keepdims".into(),
        r#type: AttributeType::Int as i32,
        i: 1,
        ..AttributeProto::default()
    };
    let constant =
        |name: &str, dims: &[i64], data_type: i32, floats: Vec<f32>, ints: Vec<i64>| TensorProto {
            name: name.into(),
            dims: dims.to_vec(),
            data_type,
            float_data: floats,
            int64_data: ints,
            ..TensorProto::default()
        };
    graph
        .initializer
        .push(constant("nothing", &[], 1, vec![0.0], Vec::new()));
    graph
        .initializer
        .push(constant("last", &[1], 7, Vec::new(), vec![1]));
    graph.node.extend([
        node("RandomUniformLike", &[&input], "random", Vec::new()),
        node("Flatten", &["random"], "flat", Vec::new()),
        node("ReduceSum", &["flat", "last"], "sum", vec![keep]),
        node("Mul", &["sum", "nothing"], "zero", Vec::new()),
        node("Add", &["plain", "zero"], &output, Vec::new()),
    ]);
    std::fs::write(&path, model.encode_to_vec()).expect("written");
    folder
}

fn copy(from: &Path, to: &Path) {
    std::fs::create_dir_all(to).expect("created");
    for entry in std::fs::read_dir(from).expect("read") {
        let entry = entry.expect("an entry").path();
        let target = to.join(entry.file_name().expect("a name"));
        if entry.is_dir() {
            copy(&entry, &target);
        } else {
            std::fs::copy(&entry, &target).expect("copied");
        }
    }
}

fn find(folder: &Path, name: &str) -> PathBuf {
    let direct = folder.join(name);
    if direct.exists() {
        direct
    } else {
        folder.join("onnx").join(name)
    }
}

#[test]
fn without_gradients_the_lab_says_why_and_offers_queries() {
    let encoder = blocked_encoder();
    let mut window = demo();
    let ctx = window.ctx.clone();
    window
        .state_mut()
        .perform(&ctx, Command::OpenPath(encoder.path().to_path_buf()));
    settle(&mut window);
    assert_eq!(errors(&window), Vec::<String>::new());
    click(&mut window, "Attack this pair");
    let lab = &session(&window).lab;
    let Reach::Blocked(why) = &lab.reach else {
        panic!("{:?}", lab.reach)
    };
    assert!(why.contains("RandomUniformLike"), "{why}");
    assert_eq!(lab.settings.method, Method::Square);
    assert!(has(&window, "RandomUniformLike"), "the reason is shown");
    let mut settings = lab.settings.clone();
    settings.steps = Some(200);
    ask(&mut window, AttackCommand::SetSettings(Box::new(settings)));
    press_attack(&mut window);
    settle(&mut window);
    assert_eq!(errors(&window), Vec::<String>::new());
    let shot = session(&window).lab.last().expect("attacked").shot.clone();
    assert_eq!(shot.gradients, 0);
    assert!(shot.after.verdict.margin() > shot.before.verdict.margin());
}
