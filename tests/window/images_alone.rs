//! Images without captions.

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
    let dataset = session(&window).dataset.clone().expect("open");
    assert_eq!((dataset.images.len(), dataset.captions.len()), (5, 0));
    drop_file(&mut window, demo.join("encoder"));
    assert_eq!(errors(&window), Vec::<String>::new());
    let answer = session(&window).answer.clone().expect("answered");
    assert_eq!(
        (answer.of, answer.candidates, answer.hits.len()),
        (Side::Image, 4, 4)
    );
    assert!(answer.hits.iter().all(|hit| hit.index != 0));
    assert!(session(&window).evaluation.is_none());
    // Every view lives without captions.
    for tab in ["Negatives", "Attack", "Structure", "Compare", "Retrieval"] {
        click(&mut window, tab);
    }
    assert_eq!(errors(&window), Vec::<String>::new());
}
