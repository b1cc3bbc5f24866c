//! The model view: both cards of the open encoder.

use super::*;

#[test]
fn both_models_have_a_card_with_a_checked_gradient() {
    let mut window = demo();
    click(&mut window, "Models");
    assert_eq!(errors(&window), Vec::<String>::new());
    let cards = session(&window).open.cards().to_vec();
    assert_eq!(cards.len(), 2);
    for model in &cards {
        let card = model.card.as_ref().expect("examined");
        assert!(card.supported(), "{:?}", card.survey.blocking);
        let measured = card.measured.as_ref().expect("run");
        let check = measured.check().expect("checked");
        assert!(
            check.passed && check.max_rel_error < Some(1e-2) && check.cosine > Some(0.999),
            "{check:?}"
        );
        assert_eq!(card.tokens, model.side == Side::Text);
    }
    for text in [
        "Image model",
        "Text model",
        "Exact gradients reach every pixel",
        "with gradient",
    ] {
        assert!(
            window.query_all_by_label_contains(text).next().is_some(),
            "{text}"
        );
    }
}

#[test]
fn without_an_encoder_the_view_says_how_to_get_one() {
    let folder = tempfile::tempdir().expect("a folder");
    let workspace = nearmiss::desktop::core::Workspace::default();
    let path = folder.path().join("empty.nearmiss.json");
    workspace.save(&path).expect("saved");
    let mut window = open(&path);
    click(&mut window, "Models");
    assert!(
        window
            .query_by_label_contains("No encoder is open")
            .is_some()
    );
}

#[test]
fn each_model_says_its_size_its_layers_and_how_the_self_check_ended() {
    // All of both cards is seen.
    let mut window = boot(Start::default(), [1440.0, 2400.0]);
    click(&mut window, "Models");
    let cards = session(&window).open.cards().to_vec();
    for model in &cards {
        let size = model.size.as_ref().expect("its file can be read");
        let graph = nearmiss::onnx::Graph::open(&model.file).expect("read again");
        let card = model.card.as_ref().expect("examined");
        assert_eq!(
            (size.nodes, model.layers.len()),
            (graph.nodes.len(), graph.nodes.len())
        );
        assert_eq!((size.opset, size.parameters), (card.opset, card.parameters));
        let file = std::fs::metadata(&model.file).expect("there").len();
        assert!(size.files >= file && size.constants > 0 && size.constants < size.files);
        assert!(
            model.layers.iter().all(|layer| layer.makes.is_some()),
            "{:?}",
            model.layers
        );
        // The last node makes what the model puts out, for one input.
        let dim = card.outputs[0]
            .dims
            .last()
            .expect("a dimension")
            .to_string();
        let last = model.layers.last().expect("a node");
        let made = last.makes.as_deref().expect("known");
        assert!(made.ends_with(&format!("[1, {dim}]")), "{made} of {dim}");
        let check = card
            .measured
            .as_ref()
            .and_then(nearmiss::grad::Measured::check)
            .expect("checked");
        let error = format!("{:.1e} of", check.max_rel_error.expect("compared"));
        assert!(says(&window, &error), "{error}");
    }
    for text in [
        "Self-check of the gradient: passed.",
        "(at most 0.25)",
        "(at least 0.99)",
        "of weights and constants",
        "Layers (",
    ] {
        assert!(says(&window, text), "{text}");
    }
    // Searched by an operator, the table holds its nodes alone.
    let image = &cards[0];
    let nodes = image.layers.iter().filter(|l| l.operator == "Conv").count();
    let fields = window.query_all_by_role(egui::accesskit::Role::TextInput);
    let mut fields: Vec<_> = fields.filter(|n| n.rect().left() > 92.0).collect();
    fields.sort_by(|a, b| a.rect().left().total_cmp(&b.rect().left()));
    fields[0].focus();
    fields[0].type_text("conv");
    settle(&mut window);
    let held = |layer: &&nearmiss::desktop::core::Layer| {
        let text = format!("{} {}", layer.name, layer.operator).to_lowercase();
        text.contains("conv")
    };
    let listed = image.layers.iter().filter(held).count();
    assert!(nodes > 0 && listed < image.layers.len());
    let text = format!("{listed} of {}", image.layers.len());
    assert!(says(&window, &text), "{text}");
    let first = image.layers.iter().position(|layer| held(&layer));
    let first = first.expect("a convolution");
    let row = format!("{}, {}, ", first + 1, image.layers[first].name);
    let copied = drive::copied_text(
        &mut window,
        &row,
        "Copy the whole table as tab-separated values",
    );
    assert_eq!(copied.lines().count(), listed + 1, "{copied}");
}
