//! The table of kernels and its shaders: valid, as the table says they are, and nothing written twice.

use naga::{AddressSpace, StorageAccess, TypeInner};
use nearmiss::compute::{Binding, ENTRY_POINT, Kernel};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

fn parse(kernel: Kernel) -> naga::Module {
    naga::front::wgsl::parse_str(kernel.source())
        .unwrap_or_else(|e| panic!("{kernel:?}: {}", e.emit_to_string(kernel.source())))
}

/// Every WGSL file of a folder below `shaders/`.
fn files(folder: &str) -> Vec<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("shaders")
        .join(folder);
    let entries = std::fs::read_dir(folder).expect("shaders");
    let mut files: Vec<PathBuf> = entries
        .map(|entry| entry.expect("an entry").path())
        .filter(|path| path.extension().is_some_and(|e| e == "wgsl"))
        .collect();
    files.sort();
    files
}

#[test]
fn every_kernel_is_valid() {
    for &kernel in Kernel::ALL {
        let module = parse(kernel);
        naga::valid::Validator::new(
            naga::valid::ValidationFlags::all(),
            naga::valid::Capabilities::empty(),
        )
        .validate(&module)
        .unwrap_or_else(|e| panic!("{kernel:?}: {e:?}"));
        let [entry] = &module.entry_points[..] else {
            panic!("{kernel:?} has {} entry points", module.entry_points.len());
        };
        assert_eq!(entry.name, ENTRY_POINT, "{kernel:?}");
        let [x, y] = kernel.workgroup();
        assert_eq!(entry.workgroup_size, [x, y, 1], "{kernel:?}");
    }
}

#[test]
fn bindings_are_those_of_the_table() {
    for &kernel in Kernel::ALL {
        let module = parse(kernel);
        let mut found = BTreeMap::new();
        for (_, variable) in module.global_variables.iter() {
            let Some(place) = variable.binding else {
                continue;
            };
            assert_eq!(place.group, 0, "{kernel:?}");
            let binding = match variable.space {
                AddressSpace::Uniform => Binding::Uniform,
                AddressSpace::Storage { access } if access.contains(StorageAccess::STORE) => {
                    Binding::Write
                }
                AddressSpace::Storage { .. } => Binding::Read,
                _ => {
                    let ty = &module.types[variable.ty].inner;
                    assert!(matches!(ty, TypeInner::Image { .. }), "{kernel:?}: {ty:?}");
                    Binding::Texture
                }
            };
            assert!(found.insert(place.binding, binding).is_none(), "{kernel:?}");
        }
        let table: BTreeMap<u32, Binding> = (0..).zip(kernel.bindings().iter().copied()).collect();
        assert_eq!(found, table, "{kernel:?}");
    }
}

#[test]
fn every_file_belongs_to_a_kernel() {
    let mut names: Vec<&str> = Kernel::ALL.iter().map(|k| k.name()).collect();
    names.sort_unstable();
    let found = files("");
    let stems: Vec<_> = found.iter().filter_map(|f| f.file_stem()).collect();
    assert_eq!(stems, names);
    for prelude in files("prelude") {
        let text = std::fs::read_to_string(&prelude).expect("readable");
        let used = Kernel::ALL.iter().any(|k| k.source().contains(&text));
        assert!(used, "{}", prelude.display());
    }
}

/// The structs and functions that a file defines: name, and body without comments and white space.
fn definitions(text: &str) -> Vec<(String, String)> {
    let code: Vec<&str> = text
        .lines()
        .map(|line| line.split("//").next().unwrap_or_default())
        .collect();
    let mut found = Vec::new();
    for (at, line) in code.iter().enumerate() {
        let Some(rest) = ["struct ", "fn "].iter().find_map(|k| line.strip_prefix(k)) else {
            continue;
        };
        let (name, rest) = rest.split_at(rest.find([' ', '(']).expect("a name"));
        // A definition at the left margin ends with a brace at the left margin.
        let lines = code[at + 1..].iter().take_while(|l| **l != "}");
        let body: String = std::iter::once(&rest).chain(lines).copied().collect();
        found.push((name.to_owned(), body.split_whitespace().collect()));
    }
    found
}

#[test]
fn nothing_is_defined_twice() {
    let (mut names, mut bodies) = (BTreeMap::new(), BTreeMap::new());
    let mut count = 0;
    for file in files("").into_iter().chain(files("prelude")) {
        let text = std::fs::read_to_string(&file).expect("readable");
        for (name, body) in definitions(&text) {
            if name == ENTRY_POINT {
                continue;
            }
            count += 1;
            if let Some(other) = names.insert(name.clone(), file.clone()) {
                panic!("{name}: {} and {}", other.display(), file.display());
            }
            if let Some((other, at)) = bodies.insert(body, (name.clone(), file.clone())) {
                let (at, file) = (at.display(), file.display());
                panic!("{other} of {at} and {name} of {file} are the same");
            }
        }
    }
    assert!(count > 40, "{count}");
}

/// Shaders that draw have two entry points and are in no table: each is valid.
#[test]
fn every_shader_that_draws_is_valid() {
    let drawn = files("draw");
    assert!(!drawn.is_empty());
    for file in drawn {
        let text = std::fs::read_to_string(&file).expect("readable");
        let module = naga::front::wgsl::parse_str(&text)
            .unwrap_or_else(|e| panic!("{}: {}", file.display(), e.emit_to_string(&text)));
        naga::valid::Validator::new(
            naga::valid::ValidationFlags::all(),
            naga::valid::Capabilities::empty(),
        )
        .validate(&module)
        .unwrap_or_else(|e| panic!("{}: {e:?}", file.display()));
        let stages: Vec<_> = module.entry_points.iter().map(|e| e.stage).collect();
        let both = [naga::ShaderStage::Vertex, naga::ShaderStage::Fragment];
        assert_eq!(stages, both, "{}", file.display());
    }
}
