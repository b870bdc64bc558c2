//! A file that was taken apart: its JSON, its buffers, and what may still be taken of memory.

use std::collections::BTreeSet;

use gltf::json;

use super::budget::Budget;
use super::document::{Document, Extended as _, read};
use super::remark::{Remarks, shown};
use super::resource::{Fetch, resource};
use super::{Error, container};

/// The JSON of a file and the bytes that it speaks of.
pub(super) struct File {
    pub document: Document,
    /// A buffer that is not there is the reason why.
    buffers: Vec<Result<Vec<u8>, Error>>,
    pub budget: Budget,
    pub remarks: Remarks,
}

/// A buffer view.
pub(super) struct View<'a> {
    pub bytes: &'a [u8],
    /// Bytes from one element to the next, where that is stated.
    pub stride: Option<usize>,
}

/// Extensions that may be required: they are drawn, or what they leave undrawn is remarked.
const READ: [&str; 28] = [
    "KHR_mesh_quantization",
    "EXT_mesh_gpu_instancing",
    "KHR_materials_unlit",
    "KHR_materials_emissive_strength",
    "KHR_materials_pbrSpecularGlossiness",
    "KHR_texture_transform",
    "KHR_node_visibility",
    "KHR_node_hoverability",
    "KHR_node_selectability",
    "KHR_materials_ior",
    "KHR_materials_specular",
    "KHR_materials_clearcoat",
    "KHR_materials_transmission",
    "KHR_materials_diffuse_transmission",
    "KHR_materials_volume",
    "KHR_materials_dispersion",
    "KHR_materials_sheen",
    "KHR_materials_variants",
    "KHR_materials_anisotropy",
    "KHR_materials_iridescence",
    "KHR_lights_punctual",
    "KHR_xmp",
    "KHR_xmp_json_ld",
    "EXT_mesh_features",
    "EXT_structural_metadata",
    "EXT_instance_features",
    "KHR_animation_pointer",
    "MSFT_packing_occlusionRoughnessMetallic",
];

/// Extensions that are drawn as they mean it, or that change nothing that is seen.
const DRAWN: [&str; 14] = [
    "KHR_mesh_quantization",
    "EXT_mesh_gpu_instancing",
    "KHR_materials_unlit",
    "KHR_materials_emissive_strength",
    "KHR_texture_transform",
    "KHR_node_visibility",
    "KHR_node_hoverability",
    "KHR_node_selectability",
    "KHR_materials_ior",
    "KHR_xmp",
    "KHR_xmp_json_ld",
    // These say in their own remarks what is different.
    "KHR_materials_pbrSpecularGlossiness",
    "KHR_materials_transmission",
    "KHR_lights_punctual",
];

impl File {
    /// The JSON alone, for what is asked before any buffer is read, or when none can be.
    pub fn described(bytes: &[u8]) -> Result<Self, Error> {
        let (budget, remarks) = (Budget::new(), Remarks::default());
        budget.grow(bytes.len());
        let document = read(&container::open(bytes, &remarks)?.json, &budget, &remarks)?;
        Ok(Self { document, buffers: Vec::new(), budget, remarks })
    }

    /// Reads the container and its buffers, and refuses what cannot be understood.
    pub fn open(bytes: &[u8], fetch: Fetch) -> Result<Self, Error> {
        let (budget, remarks) = (Budget::new(), Remarks::default());
        budget.grow(bytes.len());
        let container = container::open(bytes, &remarks)?;
        let document = read(&container.json, &budget, &remarks)?;
        for extension in &document.root.extensions_required {
            if !READ.contains(&extension.as_str()) {
                let (hint, extension) = (hint(extension), shown(extension));
                return Err(Error::Unsupported { extension, hint });
            }
        }
        for extension in &document.root.extensions_used {
            if !DRAWN.contains(&extension.as_str()) && !is_decided_elsewhere(extension) {
                let name = shown(extension);
                remarks.add(format_args!("the extension {name}"), "it is passed over");
            }
        }
        if document.lights > 0 {
            let lights = document.lights;
            remarks.add("", format_args!("its lights ({lights}) are passed over"));
        }
        let mut buffers = Vec::new();
        let mut fetched = BTreeSet::new();
        for (at, buffer) in document.root.buffers.iter().enumerate() {
            let data = match &buffer.uri {
                Some(uri) => {
                    let size = if uri.starts_with("data:") { uri.len() } else { 0 };
                    budget.take(size as u64, || format!("buffer {at}"))?;
                    resource(uri, fetch)
                }
                None if at == 0 => {
                    let binary = container.binary.unwrap_or_default();
                    budget.take(binary.len() as u64, || "the binary chunk".into())?;
                    Ok(binary.to_vec())
                }
                None => Err(Error::Invalid(format!("buffer {at} has neither data nor a uri"))),
            };
            if let Ok(data) = &data {
                // A file counts once, however many buffers are made of it.
                if let Some(uri) = buffer.uri.as_ref().filter(|uri| !uri.starts_with("data:"))
                    && fetched.insert(uri)
                {
                    budget.grow(data.len());
                }
                budget.take(data.len() as u64, || format!("buffer {at}"))?;
                let stated = buffer.byte_length.0;
                if (data.len() as u64) < stated {
                    let text = format!("it should hold {stated} bytes, {} are there", data.len());
                    remarks.add(format_args!("buffer {at}"), text);
                }
            }
            buffers.push(data);
        }
        Ok(Self { document, buffers, budget, remarks })
    }

    /// A buffer view.
    pub fn view(&self, at: usize, what: &str) -> Result<View<'_>, Error> {
        let views = &self.document.root.buffer_views;
        let view = views.get(at).ok_or_else(|| Error::Index {
            what: what.to_owned(),
            kind: "buffer view",
            index: at,
            count: views.len(),
        })?;
        if let Some(reason) = self.document.unread("bufferViews", at) {
            let text = format!("{what}: buffer view {at} cannot be read: {reason}");
            return Err(Error::Invalid(text));
        }
        let packed = view.extensions().into_iter().flat_map(|all| all.keys());
        if let Some(name) = packed.into_iter().find(|name| name.contains("meshopt")) {
            return Err(Error::Unsupported { extension: shown(name), hint: hint(name) });
        }
        let buffer = self.buffers.get(view.buffer.value()).ok_or_else(|| Error::Index {
            what: format!("buffer view {at}"),
            kind: "buffer",
            index: view.buffer.value(),
            count: self.buffers.len(),
        })?;
        let buffer = buffer.as_ref().map_err(Clone::clone)?;
        let begin = usize::try_from(view.byte_offset.unwrap_or_default().0).ok();
        let length = usize::try_from(view.byte_length.0).ok();
        let bytes = begin.zip(length).and_then(|(begin, length)| {
            let end = begin.checked_add(length)?;
            buffer.get(begin..end)
        });
        let bytes = bytes.ok_or_else(|| {
            Error::Truncated(format!("buffer view {at} reaches beyond its buffer"))
        })?;
        Ok(View { bytes, stride: view.byte_stride.map(|stride| stride.0) })
    }

    /// A name of the file as it is shown, or its kind and number.
    pub fn name(name: &Option<String>, kind: &str, at: usize) -> String {
        name.clone().filter(|name| !name.is_empty()).unwrap_or_else(|| format!("{kind} {at}"))
    }

    /// The nodes of the file.
    pub fn nodes(&self) -> &[json::Node] {
        &self.document.root.nodes
    }
}

/// Extensions of which something may be drawn without them: what is left out says so itself.
fn is_decided_elsewhere(extension: &str) -> bool {
    extension.contains("meshopt")
        || matches!(
            extension,
            "KHR_draco_mesh_compression"
                | "KHR_texture_basisu"
                | "EXT_texture_webp"
                | "EXT_texture_avif"
                | "MSFT_texture_dds"
        )
}

/// What to do about an extension that cannot be read.
pub(super) fn hint(extension: &str) -> &'static str {
    match extension {
        "EXT_meshopt_compression" | "KHR_meshopt_compression" => {
            "unpack it with `gltf-transform copy in.glb out.glb`, or with `gltfpack -i in.glb -o out.glb -noq`"
        }
        "KHR_draco_mesh_compression" => {
            "unpack it with `gltf-transform copy in.glb out.glb`, or export without compression"
        }
        "KHR_texture_basisu" => {
            "its textures are KTX2: convert them to PNG, as in `gltf-transform ktxdecompress in.glb out.glb`"
        }
        "EXT_texture_webp" | "EXT_texture_avif" | "MSFT_texture_dds" => {
            "convert its textures to PNG, as in `gltf-transform png in.glb out.glb`"
        }
        _ => "export the model without it",
    }
}
