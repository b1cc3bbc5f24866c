//! Images without captions, and rows compared by dot product.

use super::*;

#[test]
fn images_without_captions_open_and_find_their_like() {
    let root = tempfile::tempdir().expect("a folder");
    let demo = Path::new(env!("CARGO_MANIFEST_DIR")).join("assets/demo");
    for i in 0..5 {
        let name = format!("{i:03}.png");
        let bytes = std::fs::read(demo.join("scenes").join(&name)).expect("a scene");
        write(root.path(), &format!("pictures/{name}"), &bytes);
    }
    let mut window = open(&root.path().join("pictures"));
    assert_eq!(errors(&window), Vec::<String>::new());
    let dataset = session(&window).dataset().cloned().expect("open");
    assert_eq!((dataset.images.len(), dataset.captions.len()), (5, 0));
    drop_file(&mut window, demo.join("encoder"));
    assert_eq!(errors(&window), Vec::<String>::new());
    let answer = session(&window).answer().cloned().expect("answered");
    assert_eq!(
        (answer.of, answer.candidates, answer.hits.len()),
        (Side::Image, 4, 4)
    );
    assert!(answer.hits.iter().all(|hit| hit.index != 0));
    assert!(session(&window).evaluation().is_none());
    // Every view lives without captions.
    for tab in ["Negatives", "Attack", "Structure", "Compare", "Retrieval"] {
        click(&mut window, tab);
    }
    assert_eq!(errors(&window), Vec::<String>::new());
}

#[test]
fn the_measure_is_chosen_and_kept_in_the_workspace() {
    let root = tempfile::tempdir().expect("a folder");
    // By cosine both pairs are right; by dot product the second image prefers the first caption, 6 to 3.9.
    let images = npy(root.path(), "images.npy", 2, &[1.0, 0.0, 3.0, 3.0]);
    let texts = npy(root.path(), "texts.npy", 2, &[2.0, 0.0, 0.3, 1.0]);
    let mut window = open(&embeddings(root.path(), images, texts));
    let r1 = |window: &Window| {
        let report = &session(window).evaluation().expect("ranked").report;
        (report.i2t.r1, report.protocol.clone())
    };
    let (by_cosine, said) = r1(&window);
    assert!(by_cosine == 100.0 && said.contains("by cosine"), "{said}");
    let warned = session(&window)
        .log
        .iter()
        .any(|e| e.text.contains("brought to unit norm"));
    assert!(warned);
    let measure = nearmiss::compute::Measure::Dot;
    let command = nearmiss::desktop::core::Command::SetSimilarity(measure);
    perform(&mut window, command);
    settle(&mut window);
    let (by_dot, said) = r1(&window);
    assert!(by_dot == 50.0 && said.contains("by dot product"), "{said}");
    assert_eq!(session(&window).workspace.similarity, measure);
    let command = nearmiss::desktop::core::Command::Query(Query::Row(Side::Image, 1));
    perform(&mut window, command);
    settle(&mut window);
    let answer = session(&window).answer().cloned().expect("answered");
    assert!((answer.hits[0].score - 6.0).abs() < 1e-5);
    for tab in ["Negatives", "Structure"] {
        click(&mut window, tab);
    }
    assert_eq!(errors(&window), Vec::<String>::new());
}
