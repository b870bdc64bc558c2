//! A second opinion about models: the accessors and the scene of the `gltf` crate, of which the program
//! itself uses the JSON types alone.

use std::path::Path;

/// What is in a model.
#[derive(Debug)]
pub struct Facts {
    pub nodes: usize,
    pub meshes: usize,
    pub primitives: usize,
    pub triangles: usize,
    pub drawn: usize,
    pub materials: usize,
    pub animations: usize,
    /// Least and greatest coordinates of all vertices, at rest.
    pub bounds: [[f64; 3]; 2],
}

/// Reads a GLB.
pub fn facts(file: &Path) -> Facts {
    let bytes = std::fs::read(file).expect("the model");
    let glb = gltf::Glb::from_slice(&bytes).expect("a GLB");
    let model = gltf::Gltf::from_slice(&bytes).expect("a valid GLB");
    let binary = glb.bin.expect("a binary chunk");
    let per_primitive = |primitive: gltf::Primitive| {
        assert_eq!(primitive.mode(), gltf::mesh::Mode::Triangles);
        primitive.indices().expect("indices").count() / 3
    };
    let per_mesh = |mesh: gltf::Mesh| mesh.primitives().map(per_primitive).sum::<usize>();
    let (mut nodes, mut drawn) = (0, 0);
    let mut bounds = [[f64::INFINITY; 3], [f64::NEG_INFINITY; 3]];
    let scene = model.default_scene().expect("a default scene");
    let mut waiting: Vec<_> = scene.nodes().map(|node| (identity(), node)).collect();
    while let Some((model_from_parent, node)) = waiting.pop() {
        nodes += 1;
        let model_from_node = product(&model_from_parent, &node.transform().matrix());
        for primitive in node.mesh().iter().flat_map(gltf::Mesh::primitives) {
            let reader = primitive.reader(|_| Some(&*binary));
            for at in reader.read_positions().expect("positions") {
                let at = transformed(&model_from_node, at);
                for axis in 0..3 {
                    bounds[0][axis] = bounds[0][axis].min(at[axis]);
                    bounds[1][axis] = bounds[1][axis].max(at[axis]);
                }
            }
        }
        drawn += node.mesh().map_or(0, per_mesh);
        waiting.extend(node.children().map(|child| (model_from_node, child)));
    }
    Facts {
        nodes,
        drawn,
        bounds,
        meshes: model.meshes().count(),
        primitives: model.meshes().map(|mesh| mesh.primitives().count()).sum(),
        triangles: model.meshes().map(per_mesh).sum(),
        materials: model.materials().count(),
        animations: model.animations().count(),
    }
}

/// Columns, as glTF has them.
type Matrix = [[f64; 4]; 4];

fn identity() -> Matrix {
    std::array::from_fn(|column| std::array::from_fn(|row| f64::from(u8::from(row == column))))
}

fn product(a: &Matrix, b: &[[f32; 4]; 4]) -> Matrix {
    let cell =
        |row: usize, column: usize| (0..4).map(|k| a[k][row] * f64::from(b[column][k])).sum();
    std::array::from_fn(|column| std::array::from_fn(|row| cell(row, column)))
}

fn transformed(matrix: &Matrix, at: [f32; 3]) -> [f64; 3] {
    let coordinate = |row: usize| {
        (0..3).map(|k| matrix[k][row] * f64::from(at[k])).sum::<f64>() + matrix[3][row]
    };
    std::array::from_fn(coordinate)
}
