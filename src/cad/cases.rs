//! Models as people have them, each with what must come of it: `tests/data/models`.

use std::path::{Path, PathBuf};

use super::*;

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/models")
}

#[test]
fn every_case_comes_out_as_stated() {
    let mut files: Vec<PathBuf> = Vec::new();
    let mut folders = vec![folder()];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).expect("a folder").flatten() {
            let path = entry.path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|end| end == "glb" || end == "gltf") {
                files.push(path);
            }
        }
    }
    files.sort();
    for file in files {
        let name = file.strip_prefix(folder()).expect("below").display().to_string();
        let begun = std::time::Instant::now();
        let out = Model::open(&file);
        let ms = begun.elapsed().as_millis();
        match out {
            Ok(model) => {
                println!(
                    "{name}: {ms} ms {} nodes {:?}",
                    model.nodes.len(),
                    model.remarks.iter().map(Remark::to_string).collect::<Vec<_>>()
                );
            }
            Err(error) => println!("{name}: {ms} ms REFUSED {error}"),
        }
    }
}
