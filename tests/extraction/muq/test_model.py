"""MuQ loaded strictly: exactly its weights, on a device that is there, from a directory or one commit of the hub."""

import io
import shutil
import subprocess
import sys
from urllib.error import URLError

import huggingface_hub
import numpy as np
import pytest
import torch
from safetensors.torch import load_file, save_file

import priosig.extraction.muq.loaded
import priosig.extraction.muq.model
from priosig.extraction import devices
from priosig.extraction.devices import resolve_device
from priosig.extraction.muq.extractor import MuQExtractor
from priosig.extraction.muq.model import load_muq
from tests.small_muq import MuQ, tone


def test_model_is_ready_for_use(muq_dir):
    model = load_muq(muq_dir / "config.json", muq_dir / "model.safetensors")
    assert isinstance(model, MuQ)
    assert not any(module.training for module in model.modules())
    assert not any(parameter.requires_grad for parameter in model.parameters())


def drop_layer_1(config, weights):
    for name in [name for name in weights if name.startswith("model.conformer.layers.1.ffn")]:
        del weights[name]


def narrow_a_tensor(config, weights):
    weights["model.conv.linear.bias"] = weights["model.conv.linear.bias"][:5].clone()


@pytest.mark.parametrize(
    ("change", "match"),
    [
        (drop_layer_1, r"\d\d missing: model\.conformer\.layers\.1\.\S+, .*, \.\.\.$"),
        (lambda config, weights: weights.update(extra=torch.zeros(2)), r": 1 unexpected: extra$"),
        (narrow_a_tensor, r"1 of another shape: model\.conv\.linear\.bias \(5,\) for \(64,\)"),
        (lambda config, weights: config.update(encoder_depth=3), "encoder_depth is 3; expected 2, as the weights"),
        (lambda config, weights: config["w2v2_config"].pop("hidden_act"), "no MuQ can be built .*hidden_act"),
        (
            lambda config, weights: config["w2v2_config"].update(layer_norm_eps=None),
            r"built from it fails \(.TypeError",
        ),
        (
            lambda config, weights: config["w2v2_config"].update(layer_norm_eps=-1e5),
            "shape .25, 64., not finite, for",
        ),
    ],
)
def test_weights_that_are_not_exactly_the_models_are_refused(broken, change, match):
    extractor = MuQExtractor(broken(change), device="cpu")
    with pytest.raises(ValueError, match=rf"broken_muq.*{match}"):
        list(extractor.extract([("x", tone(2))]))


@pytest.mark.parametrize(
    ("change", "match"),
    [
        (lambda config: config["stat"].pop("melspec_2048_std"), r"stat\.melspec_2048_std is None; expected"),
        (lambda config: config.update(stat=None), r"stat\.melspec_2048_mean is None"),
        (lambda config: config["stat"].update(melspec_2048_std=0.0), r"stat\.melspec_2048_std is 0\.0"),
        (lambda config: config["stat"].update(melspec_2048_std=True), r"stat\.melspec_2048_std is True"),
        (lambda config: config["stat"].update(melspec_2048_mean=10**400), r"stat\.melspec_2048_mean is 10+\.\.\.0+;"),
        (lambda config: config["stat"].update(melspec_2048_mean=float("nan")), r"stat\.melspec_2048_mean is nan"),
        (lambda config: config.update(use_encodec_target=True), "use_encodec_target is True; expected False"),
        (lambda config: config.update(hop_length=480), "hop_length is 480; expected 240, as MuQ has"),
        (lambda config: config.update(label_rate=50), "label_rate is 50; expected 25"),
        (lambda config: config.update(n_mels="many"), "n_mels is 'many'; expected 128"),
    ],
)
def test_configuration_that_is_not_muqs_is_refused_at_once(broken, change, match):
    with pytest.raises(ValueError, match=rf"config\.json: {match}"):
        MuQExtractor(broken(lambda config, weights: change(config)))


@pytest.mark.parametrize(
    ("where", "name", "value"),
    [
        ("", "encoder_depth", 10**9),
        ("", "encoder_dim", 10**9),
        ("", "conv_dim", 2.0),
        ("", "num_codebooks", 10**9),
        ("", "codebook_size", -1),
        ("", "codebook_dim", 10**12),
        ("", "rvq_n_codebooks", [8]),
        ("w2v2_config", "intermediate_size", 10**9),
        ("w2v2_config", "conv_depthwise_kernel_size", None),
        ("w2v2_config", "num_conv_pos_embeddings", 10**9),
        ("w2v2_config", "max_source_positions", 10**12),
        ("", "mask_hop", 10**12),
        ("", "mask_prob", float("nan")),
        ("w2v2_config", "tdnn_dim", [512, -(10**400)]),
    ],
)
def test_sizes_that_are_not_the_weights_own_are_refused_before_anything_is_built(
    broken, where, name, value, monkeypatch
):
    directory = broken(lambda config, weights: (config[where] if where else config).update({name: value}))
    monkeypatch.setattr(MuQ, "__init__", lambda *_: pytest.fail("was built"))
    with pytest.raises(ValueError, match=rf"config\.json: .*{name}'? is .*; expected .*\d"):
        load_muq(directory / "config.json", directory / "model.safetensors")


def test_a_configuration_as_long_as_it_likes_is_not_read_whole(tmp_path):
    (tmp_path / "model.safetensors").touch()
    with (tmp_path / "config.json").open("wb") as file:
        file.truncate(20 << 30)
    with pytest.raises(ValueError, match=r"config\.json: over 1000000 bytes; expected MuQ's configuration"):
        MuQExtractor(tmp_path)


@pytest.mark.parametrize(("content", "match"), [("{", "not JSON"), ("[]", "holds a list"), ("\udcff", "not JSON")])
def test_malformed_configuration_is_refused_at_once(tmp_path, content, match):
    (tmp_path / "config.json").write_bytes(content.encode("utf-8", "surrogateescape"))
    (tmp_path / "model.safetensors").touch()
    with pytest.raises(ValueError, match=rf"config\.json: {match}"):
        MuQExtractor(tmp_path)


def test_missing_directory_or_file_is_an_error_at_once(muq_dir, tmp_path):
    with pytest.raises(FileNotFoundError, match="nowhere: no such directory; expected one with"):
        MuQExtractor(tmp_path / "nowhere")
    with pytest.raises(FileNotFoundError, match=r"no config\.json; expected"):
        MuQExtractor(tmp_path)
    shutil.copy(muq_dir / "config.json", tmp_path)
    (tmp_path / "pytorch_model.bin").touch()
    with pytest.raises(
        FileNotFoundError, match=r"no model\.safetensors \(pytorch_model\.bin: a pickle, never opened\)"
    ):
        MuQExtractor(tmp_path)


def test_damaged_weights_are_an_error(muq_dir, tmp_path):
    shutil.copy(muq_dir / "config.json", tmp_path)
    (tmp_path / "model.safetensors").write_bytes((muq_dir / "model.safetensors").read_bytes()[:-100])
    with pytest.raises(ValueError, match=r"model\.safetensors: cannot be read .*expected a whole safetensors file"):
        list(MuQExtractor(tmp_path, device="cpu").extract([("x", tone(2))]))


def test_weights_replaced_between_hashing_and_loading_are_an_error(muq_dir, tmp_path):
    shutil.copytree(muq_dir, tmp_path / "muq")
    extractor = MuQExtractor(tmp_path / "muq", device="cpu")
    assert len(extractor.fingerprint) == 64
    weights = load_file(muq_dir / "model.safetensors")
    save_file(
        weights | {"model.linear.bias": weights["model.linear.bias"] + 1}, tmp_path / "muq" / "model.safetensors"
    )
    with pytest.raises(ValueError, match="the model's files changed during the run"):
        list(extractor.extract([("x", tone(2))]))


@pytest.mark.parametrize("device", ["tpu", "cuda:x", "", "cpu:0"])
def test_unknown_device_is_refused_at_once(muq_dir, device):
    with pytest.raises(ValueError, match=rf"device '{device}': expected 'auto', 'cpu', 'cuda'"):
        MuQExtractor(muq_dir, device=device)


def test_device_that_is_not_there_is_refused_with_those_that_are(monkeypatch):
    monkeypatch.setattr(devices, "_has_device_files", lambda: True)
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    monkeypatch.setattr(torch.cuda, "device_count", lambda: 1)  # with a driver that is too old for torch
    monkeypatch.setattr(torch.backends.mps, "is_available", lambda: False)
    assert resolve_device("auto") == "cpu"
    for device in ("cuda", "mps", "cuda:1"):
        with pytest.raises(ValueError, match=f"device '{device}': torch .* finds none; there is cpu$"):
            resolve_device(device)
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    assert resolve_device("auto") == "cuda"
    assert resolve_device("cuda:0") == "cuda:0"
    with pytest.raises(ValueError, match=r"device 'cuda:1': torch .* finds none; there is cuda:0, cpu$"):
        resolve_device("cuda:1")
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    monkeypatch.setattr(torch.backends.mps, "is_available", lambda: True)
    assert resolve_device("auto") == resolve_device("mps") == "mps"


@pytest.mark.parametrize(
    ("settings", "match"),
    [
        ({"layer": "first"}, "layer is 'first'; expected 'last'"),
        ({"layer": 3}, r"config\.json: has no layer 3; expected 0 to 2"),
        ({"layer": (0, 9)}, r"config\.json: has no layer 9; expected 0 to 2"),
        ({"precision": "tf32"}, "precision 'tf32': not on device 'cpu', only on cuda"),
        ({"precision": "half"}, "precision 'half': expected one of"),
        ({"batch_size": 0}, "batch_size is 0; expected at least 1"),
    ],
)
def test_setting_that_the_model_or_device_has_not_is_refused_at_once(muq_dir, settings, match):
    with pytest.raises(ValueError, match=match):
        MuQExtractor(muq_dir, device="cpu", **settings)


def test_precision_is_held_against_the_device_that_auto_turns_out_to_be(muq_dir, monkeypatch):
    monkeypatch.setattr(priosig.extraction.muq.loaded, "resolve_device", lambda asked: "cpu")
    extractor = MuQExtractor(muq_dir, precision="tf32")
    with pytest.raises(ValueError, match="precision 'tf32': not on device 'cpu'"):
        list(extractor.extract([("x", tone(2))]))


# The hub, without a network: its cache on disk is enough, and without one the error says what to do.


@pytest.fixture
def offline_hub(tmp_path, monkeypatch):
    monkeypatch.setattr(huggingface_hub.constants, "HF_HUB_OFFLINE", True)
    monkeypatch.setattr(huggingface_hub.constants, "HF_HUB_CACHE", str(tmp_path / "hub"))
    return tmp_path / "hub"


def test_hub_id_is_resolved_to_one_commit_and_loaded_like_a_directory(muq_dir, by_hand, offline_hub):
    commit = "0123456789abcdef0123456789abcdef01234567"
    repository = offline_hub / "models--Someone--small-muq"
    shutil.copytree(muq_dir, repository / "snapshots" / commit)
    (repository / "refs").mkdir()
    (repository / "refs" / "main").write_text(commit)
    extractor = MuQExtractor("Someone/small-muq", device="cpu")
    assert [path.parent.name for path in extractor.files] == [commit, commit]
    assert extractor.fingerprint == MuQExtractor(muq_dir).fingerprint
    ((_, frames),) = extractor.extract([("x", tone(2))])
    np.testing.assert_allclose(frames, by_hand(tone(2)), rtol=0, atol=1e-5)


def test_hub_that_cannot_be_reached_is_an_error_that_offers_a_directory(offline_hub):
    extractor = MuQExtractor("Someone/small-muq", revision="v2")  # asks nobody yet
    with pytest.raises(
        FileNotFoundError, match=r"Someone/small-muq at revision v2: no such directory, .*hub.*give a local"
    ):
        list(extractor.extract([("x", tone(2))]))


def test_a_hub_that_does_not_answer_is_asked_once(monkeypatch, tmp_path):
    monkeypatch.setattr(huggingface_hub.constants, "HF_HUB_CACHE", str(tmp_path / "hub"))
    asked = []

    def ask(request, timeout):
        asked.append(request.full_url)
        raise URLError("Name or service not known")

    monkeypatch.setattr(priosig.extraction.muq.model, "urlopen", ask)
    with pytest.raises(FileNotFoundError, match=r"cannot be reached: Name or service not known\); connect once, or"):
        list(MuQExtractor("Someone/small-muq").extract([("x", tone(2))]))
    assert len(asked) == 1


def test_revision_of_a_directory_is_refused(muq_dir):
    with pytest.raises(ValueError, match="revision 'v2' given for a directory"):
        MuQExtractor(muq_dir, revision="v2")


def test_a_pickle_that_a_configuration_names_is_never_opened(broken, tmp_path):
    (tmp_path / "rvq.pt").write_bytes(b"whoever opens this fails")
    directory = broken(lambda config, weights: config.update(rvq_ckpt_path=str(tmp_path / "rvq.pt")))
    assert isinstance(load_muq(directory / "config.json", directory / "model.safetensors"), MuQ)


def test_weights_are_fetched_by_the_commit_of_their_configuration(muq_dir, tmp_path, monkeypatch):
    asked = []

    def download(model, name, *, revision, local_files_only):
        asked.append((name, revision))
        directory = tmp_path / "snapshots" / "0123abc"  # what the branch names at this moment
        directory.mkdir(parents=True, exist_ok=True)
        return shutil.copy(muq_dir / name, directory / name)

    monkeypatch.setattr(huggingface_hub, "hf_hub_download", download)
    monkeypatch.setattr(priosig.extraction.muq.model, "urlopen", lambda request, timeout: io.BytesIO())
    assert MuQExtractor("Someone/small-muq", revision="main").fingerprint
    assert asked == [("config.json", "main"), ("model.safetensors", "0123abc")]


def test_each_package_that_computes_is_part_of_the_key(muq_dir, monkeypatch):
    version = priosig.extraction.muq.loaded.importlib.metadata.version
    before = MuQExtractor(muq_dir, device="cpu").parameters()
    for package in ("muq", "transformers", "torch", "torchaudio"):
        with monkeypatch.context() as patch:
            patch.setattr(
                priosig.extraction.muq.loaded.importlib.metadata,
                "version",
                lambda name, package=package: "other" if name == package else version(name),
            )
            changed = MuQExtractor(muq_dir, device="cpu").parameters()
        assert {name for name in before if before[name] != changed[name]} == {package}


@pytest.mark.parametrize("text", ["{" * 100_000, '{"stat": ' * 50_000])
def test_a_configuration_that_is_nested_too_deeply_is_refused(tmp_path, text):
    (tmp_path / "config.json").write_text(text)
    (tmp_path / "model.safetensors").touch()
    with pytest.raises(ValueError, match=r"config\.json: not JSON"):
        MuQExtractor(tmp_path)


@pytest.mark.slow
def test_the_whole_muq_package_can_still_be_imported_afterwards():
    code = (
        "from priosig.extraction.muq.model import import_muq; import sys; MuQ, _ = import_muq(); "
        "assert 'muq' not in sys.modules; import muq; assert muq.MuQ is MuQ and muq.MuQMuLan; "
        "assert import_muq()[0] is MuQ"
    )
    subprocess.run([sys.executable, "-W", "ignore", "-c", code], check=True)
