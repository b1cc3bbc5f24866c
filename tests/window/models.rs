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
        let check = measured.check.expect("checked");
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
