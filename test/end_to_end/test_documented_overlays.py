"""The kustomizations in docs/cluster.md, rendered: what each of them changes is what comes out."""

import os

import pytest
import yaml
from documents import TOP, split
from pods import DEPLOY, render, templates


def check_images(images, objects):
    [image] = images
    [template] = templates(objects).values()
    assert template["spec"]["containers"][0]["image"] == f"{image['newName']}:{image['newTag']}"


def check_components(components, objects):
    assert [os.path.basename(each) for each in components] == ["pod-monitor"]
    [monitor] = [each["spec"] for each in objects if each["kind"] == "PodMonitor"]
    [template] = templates(objects).values()
    assert monitor["selector"]["matchLabels"].items() <= template["metadata"]["labels"].items()
    ports = {port["name"] for port in template["spec"]["containers"][0]["ports"]}
    assert {each["port"] for each in monitor["podMetricsEndpoints"]} <= ports


def check_patches(patches, objects):
    [job] = [each["spec"] for each in objects if each["kind"] == "Job"]
    [patch] = patches
    if "target" in patch:
        [test, replace] = yaml.safe_load(patch["patch"])
        assert test["op"] == "test" and test["path"] == replace["path"]
        args = job["template"]["spec"]["containers"][0]["args"]
        assert replace["value"] in args and test["value"] not in args and "--part=auto" in args
        return
    assert (job["completions"], job["parallelism"]) == (8, 8)
    variables = {each["name"]: each.get("value") for each in job["template"]["spec"]["containers"][0]["env"]}
    assert variables == {"K8SCALE_PARTS": "8", "K8SCALE_JOB_NAME": None, "K8SCALE_JOB_UID": None}


CHECKS = {"images": check_images, "components": check_components, "patches": check_patches}
DOCUMENTED = [block for block in split(TOP / "docs/cluster.md")[0] if "kind: Kustomization" in block.text]


@pytest.mark.parametrize("block", [pytest.param(block, id=block.place) for block in DOCUMENTED])
def test_a_documented_overlay_changes_what_it_says(block, tmp_path):
    folder = tmp_path / "own"
    folder.mkdir()
    (folder / "kustomization.yaml").write_text(block.text.replace("../k8scale/deploy", os.path.relpath(DEPLOY, folder)))
    objects, said = render(folder), yaml.safe_load(block.text)
    changes = set(said) - {"apiVersion", "kind", "resources"}
    assert changes
    for change in changes:
        CHECKS[change](said[change], objects)


def test_every_kind_of_change_is_documented():
    assert {change for block in DOCUMENTED for change in yaml.safe_load(block.text)} > set(CHECKS)
